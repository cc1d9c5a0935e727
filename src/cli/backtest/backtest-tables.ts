import type { CandleSeries } from '../../backtest/engine/candle-series.ts';
import type { Trade } from '../../backtest/engine/trading/trade.ts';
import type { StretchMetrics } from '../../backtest/walk-forward/stretch.ts';
import type { WalkForwardWindow } from '../../backtest/walk-forward/walk-forward.ts';
import { type Cell, columnsOf, type Table, type TableColumn, tableOf } from '../../files/write/table.ts';

/** The columns of exported trades; times are the open times of the bars of entry and exit. */
export const TRADE_COLUMNS: readonly TableColumn[] = columnsOf({
  entry_time: 'time',
  exit_time: 'time',
  side: 'text',
  size: 'number',
  entry_price: 'number',
  exit_price: 'number',
  pnl: 'number',
  fees: 'number',
});

/** The cells of a trade under {@link TRADE_COLUMNS}. */
export const tradeCells = (
  { side, size, entryPrice, exitPrice, pnl, fees }: Omit<Trade, 'entryBar' | 'exitBar'>,
  entryTime: number,
  exitTime: number,
): Cell[] => [entryTime, exitTime, side, size, entryPrice, exitPrice, pnl, fees];

/** A table of the trades of a backtest. */
export const tradeTable = ({ openTime }: CandleSeries, trades: readonly Trade[]): Table =>
  tableOf(
    TRADE_COLUMNS,
    trades.map((trade) => tradeCells(trade, openTime[trade.entryBar], openTime[trade.exitBar])),
  );

/** A table `time,equity` with one row per bar; positions are valued at the bar's close. */
export const equityTable = ({ openTime }: CandleSeries, equity: Float64Array): Table =>
  tableOf(
    columnsOf({ time: 'time', equity: 'number' }),
    Array.from(equity, (value, i) => [openTime[i], value]),
  );

const MEASURES = ['totalReturn', 'sharpe', 'maxDrawdown', 'trades'] as const;

/** A window of a walk-forward, computed or stored. */
type Window = Omit<WalkForwardWindow, 'inSample' | 'outOfSample'> &
  Readonly<Record<'inSample' | 'outOfSample', Pick<StretchMetrics, (typeof MEASURES)[number] | 'weak'>>>;

/** The columns of a walk-forward's windows: times, the picked strategy, its results in sample and out of sample, and which of them are weak. */
export const WINDOW_COLUMNS: readonly TableColumn[] = [
  ...columnsOf({ train_from: 'time', train_to: 'time', test_from: 'time', test_to: 'time', strategy: 'text', params: 'text' }),
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
