import { holdEquity } from '../../../backtest/benchmark.ts';
import type { BacktestData } from '../../../backtest/engine/backtest-data.ts';
import { type BacktestOptions, termsOf } from '../../../backtest/engine/options.ts';
import type { MarketForecasts } from '../../../backtest/metrics/calibration.ts';
import { encodeEquity, encodeTrades } from '../../../backtest/record/curve-columns.ts';
import { encodeFailure, encodeMetrics } from '../../../backtest/record/metrics-column.ts';
import { encodePassport } from '../../../backtest/record/passport-column.ts';
import type { BacktestResult } from '../../../backtest/run-backtest.ts';
import type { FailedTrial } from '../../../backtest/run-trials.ts';
import type { BacktestSeries } from '../../../storage/backtests/backtest-series.ts';
import type { BacktestRecord } from '../../../storage/backtests/backtests.ts';

/** The stored form of a result: with times instead of bar numbers, and no more points of the curve than can be drawn. */
export function backtestRecord(input: {
  readonly symbol: string;
  readonly series: BacktestSeries;
  readonly data: BacktestData;
  /** Number of the series' oldest bars that were left out for lack of memory. */
  readonly leftOut: number;
  readonly result: BacktestResult;
  /** Trading terms of the result, and of buying and holding as its comparison. */
  readonly options: BacktestOptions;
  readonly overfitting: number | null;
  readonly forecasts: MarketForecasts | undefined;
  readonly basis: string;
}): BacktestRecord {
  const { symbol, series, data, leftOut, result, options, overfitting, forecasts, basis } = input;
  const { candles } = data;
  const { instrumentKey, interval, priceType } = series;
  return {
    symbol,
    instrumentKey,
    interval,
    priceType,
    strategy: result.strategy,
    params: result.params,
    metrics: encodeMetrics(result, { overfitting, forecasts, terms: termsOf(data.market, options) }),
    trades: encodeTrades(candles, result.trades),
    equity: encodeEquity(candles.openTime, result.equity, holdEquity(data, options)),
    passport: encodePassport(candles, result.passport, { basis, leftOut, params: result.params, twin: result.twin }),
  };
}

/** The stored form of a failed trial: the error instead of numbers. */
export function failureRecord(input: {
  readonly symbol: string;
  readonly series: BacktestSeries;
  readonly data: BacktestData;
  readonly leftOut: number;
  readonly failed: FailedTrial;
  readonly forecasts: MarketForecasts | undefined;
  readonly basis: string;
}): BacktestRecord {
  const { symbol, series, data, leftOut, failed, forecasts, basis } = input;
  const { instrumentKey, interval, priceType } = series;
  const { strategy, params, because, passport } = failed;
  return {
    symbol,
    instrumentKey,
    interval,
    priceType,
    strategy,
    params,
    metrics: encodeFailure(because, forecasts),
    trades: [],
    equity: { time: [], equity: [] },
    passport: encodePassport(data.candles, passport, { basis, leftOut, params, twin: null }),
  };
}
