import type { BacktestData } from '../../backtest/engine/backtest-data.ts';
import type { BacktestResult } from '../../backtest/engine/result.ts';
import type { Json } from '../../contracts/pipeline-input.ts';
import type { BacktestSeries } from '../../storage/backtests/backtest-series.ts';
import type { BacktestRecord } from '../../storage/backtests/backtests.ts';

/** Points of an equity curve that are stored: more than a chart has pixels for. Metrics come from the whole curve. */
const MOST_POINTS = 1000;

/** A result as it is stored: times instead of bars, the curve no finer than it can be drawn. */
export function backtestRecord(input: {
  readonly symbol: string;
  readonly series: BacktestSeries;
  readonly data: BacktestData;
  readonly result: BacktestResult;
  /** Probability of overfitting of the trials it belongs to. */
  readonly overfitting: number | null;
}): BacktestRecord {
  const { symbol, series, data, result, overfitting } = input;
  const { openTime, length } = data.candles;
  return {
    symbol,
    ...series,
    strategy: result.strategy,
    params: result.params,
    metrics: { ...result.metrics, undefined: result.undefined, lookAhead: result.lookAhead as Json, overfitting },
    trades: result.trades.map(({ entryBar, exitBar, ...trade }) => ({
      entryTime: openTime[entryBar],
      exitTime: openTime[exitBar],
      ...trade,
    })),
    equity: thinned(openTime, result.equity),
    passport: { ...result.passport, bars: length, from: openTime[0], to: openTime[length - 1] },
  };
}

/** The last value of each of at most {@link MOST_POINTS} equal groups of bars. */
function thinned(openTime: Float64Array, equity: Float64Array): Json {
  const group = Math.ceil(equity.length / MOST_POINTS);
  const time: number[] = [];
  const values: number[] = [];
  for (let from = 0; from < equity.length; from += group) {
    const last = Math.min(from + group, equity.length) - 1;
    time.push(openTime[last]);
    values.push(equity[last]);
  }
  return { time, equity: values };
}
