import type { CandleSeries } from '../../backtest/engine/candle-series.ts';
import type { Trade } from '../../backtest/engine/trading/trade.ts';
import type { Overfitting } from '../../backtest/metrics/overfitting.ts';
import type { StretchMetrics } from '../../backtest/walk-forward/stretch.ts';
import type { WalkForwardWindow } from '../../backtest/walk-forward/walk-forward.ts';
import type { Cell, Table, TableColumn } from '../../files/write/table.ts';

/** The JSON fields of the probability of overfitting. @param picksWeak why the picks of a walk-forward are weak */
export const overfittingFields = (
  { overfitting, overfittingUndefined, overfittingWeak }: Overfitting,
  picksWeak?: string,
): Record<string, unknown> => ({
  overfitting,
  ...(overfittingUndefined !== undefined && { undefined: { overfitting: overfittingUndefined } }),
  ...((overfittingWeak !== undefined || picksWeak !== undefined) && {
    weak: { ...(overfittingWeak !== undefined && { overfitting: overfittingWeak }), ...(picksWeak !== undefined && { picks: picksWeak }) },
  }),
});

/** The columns of exported trades; times are the open times of the bars of entry and exit. */
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

/** The cells of a trade under {@link TRADE_COLUMNS}. */
export const tradeCells = (
  { side, size, entryPrice, exitPrice, pnl, fees }: Omit<Trade, 'entryBar' | 'exitBar'>,
  entryTime: number,
  exitTime: number,
): Cell[] => [entryTime, exitTime, side, size, entryPrice, exitPrice, pnl, fees];

/** The rows of trades under {@link TRADE_COLUMNS}. */
export async function* tradeRows({ openTime }: CandleSeries, trades: readonly Trade[]): AsyncGenerator<Cell[][]> {
  yield trades.map((trade) => tradeCells(trade, openTime[trade.entryBar], openTime[trade.exitBar]));
}

/** A table `time,equity`, one row per bar, marked at its close. */
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

const MEASURES = ['totalReturn', 'sharpe', 'maxDrawdown', 'trades'] as const;

/** A window of a walk-forward, computed or stored. */
type Window = Omit<WalkForwardWindow, 'inSample' | 'outOfSample'> &
  Readonly<Record<'inSample' | 'outOfSample', Pick<StretchMetrics, (typeof MEASURES)[number] | 'weak'>>>;

/** The columns of a walk-forward's windows: times, the picked strategy, its results in sample and out of sample, and which of them are weak. */
export const WINDOW_COLUMNS: readonly TableColumn[] = [
  ...['train_from', 'train_to', 'test_from', 'test_to'].map((name): TableColumn => ({ name, type: 'time' })),
  { name: 'strategy', type: 'text' },
  { name: 'params', type: 'text' },
  ...['in_sample', 'out_of_sample'].flatMap((part): TableColumn[] => [
    ...['total_return', 'sharpe', 'max_drawdown', 'trades'].map((name) => ({ name: `${part}_${name}`, type: 'number' as const })),
    { name: `${part}_weak`, type: 'text' },
  ]),
];

/** The cells of a window under {@link WINDOW_COLUMNS}. */
export const windowCells = ({ trainFrom, trainTo, testFrom, testTo, strategy, params, inSample, outOfSample }: Window): Cell[] => [
  trainFrom,
  trainTo,
  testFrom,
  testTo,
  strategy,
  JSON.stringify(params),
  ...[inSample, outOfSample].flatMap((part): Cell[] => [
    ...MEASURES.map((measure) => part[measure]),
    MEASURES.flatMap((measure) => (part.weak[measure] === undefined ? [] : `${measure}: ${part.weak[measure]}`)).join('; '),
  ]),
];
