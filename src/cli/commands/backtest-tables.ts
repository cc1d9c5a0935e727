import type { CandleSeries } from '../../backtest/engine/candle-series.ts';
import type { Trade } from '../../backtest/engine/trade.ts';
import type { Cell, Table, TableColumn } from '../../files/write/table.ts';

/** The columns of trades out; times are the open times of the bars they happened in. */
export const TRADE_COLUMNS: readonly TableColumn[] = [
  { name: 'entry_time', type: 'time' },
  { name: 'exit_time', type: 'time' },
  { name: 'side', type: 'text' },
  { name: 'size', type: 'number' },
  { name: 'entry_price', type: 'number' },
  { name: 'exit_price', type: 'number' },
  { name: 'pnl', type: 'number' },
  { name: 'fees', type: 'number' },
];

/** A trade that went from one time to another, under {@link TRADE_COLUMNS}. */
export const tradeCells = (
  { side, size, entryPrice, exitPrice, pnl, fees }: Omit<Trade, 'entryBar' | 'exitBar'>,
  entryTime: number,
  exitTime: number,
): Cell[] => [entryTime, exitTime, side, size, entryPrice, exitPrice, pnl, fees];

/** Trades as rows under {@link TRADE_COLUMNS}. */
export async function* tradeRows({ openTime }: CandleSeries, trades: readonly Trade[]): AsyncGenerator<Cell[][]> {
  yield trades.map((trade) => tradeCells(trade, openTime[trade.entryBar], openTime[trade.exitBar]));
}

/** `time,equity`, one row a bar, marked at its close. */
export function equityTable({ openTime }: CandleSeries, equity: Float64Array): Table {
  async function* batches(): AsyncGenerator<Cell[][]> {
    yield Array.from(equity, (value, i) => [openTime[i], value]);
  }
  return {
    columns: [
      { name: 'time', type: 'time' },
      { name: 'equity', type: 'number' },
    ],
    batches: batches(),
  };
}
