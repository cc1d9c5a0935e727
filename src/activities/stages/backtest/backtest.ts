import { holdEquity } from '../../../backtest/benchmark.ts';
import type { BacktestData } from '../../../backtest/engine/backtest-data.ts';
import { barsByClose } from '../../../backtest/engine/market.ts';
import { type BacktestOptions, termsOf } from '../../../backtest/engine/options.ts';
import { calibrationOfMarkets, type MarketForecasts, marketForecasts } from '../../../backtest/metrics/calibration.ts';
import { codeGap } from '../../../backtest/proof/passport.ts';
import { encodeEquity, encodeTrades } from '../../../backtest/record/curve-columns.ts';
import { decodeMetrics, encodeCalibration, encodeFailure, encodeMetrics } from '../../../backtest/record/metrics-column.ts';
import { encodePassport } from '../../../backtest/record/passport-column.ts';
import { type BacktestResult, optionsFor, type Trial } from '../../../backtest/run-backtest.ts';
import type { FailedTrial } from '../../../backtest/run-trials.ts';
import type { Strategy } from '../../../backtest/strategy.ts';
import { badInput } from '../../../contracts/errors.ts';
import { groupedBy } from '../../../contracts/grouped-by.ts';
import type { Log } from '../../../contracts/log.ts';
import type { Json } from '../../../contracts/run/pipeline-input.ts';
import { type Interval, stageTaskId } from '../../../contracts/words.ts';
import type { BacktestSeries } from '../../../storage/backtests/backtest-series.ts';
import {
  type BacktestRecord,
  saveBacktests,
  saveCalibration,
  takeOverBacktests,
  unchangedBacktests,
} from '../../../storage/backtests/backtests.ts';
import type { Database } from '../../../storage/database/database.ts';
import type { StageFunction } from '../stage-work.ts';
import { type ComputeContext, computeTrials } from './backtest-compute.ts';
import { plannedSeries, readSeries } from './backtest-plan.ts';
import { BacktestTally } from './backtest-tally.ts';
import { trialGroups } from './backtest-trials.ts';
import { walkForwards } from './backtest-walk-forward.ts';

export interface BacktestDependencies {
  readonly database: Database;
  readonly strategies: readonly Strategy[];
  readonly threads: ComputeContext['threads'];
  readonly log: Log;
}

/**
 * Creates the stage `backtest`: runs every strategy on every series of the symbol that still trades or had complete candles in the run's
 * window, over the requested history. Trials on one series are judged together; an unchanged series keeps its last results. Without any
 * series the output is 0, not a failure. A strategy that fails is stored with its error and degrades the run; when no strategy has a
 * result, the stage fails with that error.
 */
export function createBacktest({ strategies, threads, log }: BacktestDependencies): StageFunction {
  return async (input, work) => {
    const groups = trialGroups(input.settings, strategies);
    return await work.commit(async (transaction) => {
      const { executionId, symbol } = input;
      const tally = new BacktestTally();
      const resolved: ResolvedCloses[] = [];
      const counted = new Set<string>();
      const tasks = await plannedSeries(transaction, input, groups);
      const context: ComputeContext = { threads, whose: stageTaskId(symbol, input.stage), signal: work.signal };
      const unchanged = await unchangedBacktests(transaction, { symbol, executionId, bases: tasks.map(({ basis }) => basis) });
      for (const [done, task] of tasks.entries()) {
        const { series, trials, basis } = task;
        const name = `${task.instrument.id} ${series.interval}`;
        const beat = (): void => work.heartbeat({ series: done, of: tasks.length, backtests: tally.backtests });
        const alive = (): void => {
          beat();
          work.signal.throwIfAborted();
        };
        // each market's closes are counted once, with its longest history, whose group comes first
        const forecast = (closes: MarketForecasts | undefined): void => {
          if (!counted.has(name) && closes !== undefined) resolved.push({ interval: series.interval, closes });
          counted.add(name);
        };
        // results of a strategy whose code is not fully covered by its hash are computed again, since the code may have changed
        const before = trials.some(({ strategy }) => codeGap(strategy) !== undefined) ? [] : (unchanged.get(basis) ?? []);
        if (before.length === trials.length) {
          const ids = before.map(({ id }) => id);
          await takeOverBacktests(transaction, input, ids);
          const stored = before.map((one) => ({ ...one, ...decodeMetrics(one.metrics) }));
          const results = stored.filter(({ failed }) => failed === null);
          for (const one of stored) if (one.failed !== null) tally.fail({ ...one, because: one.failed }, name);
          for (const one of results) tally.add(one);
          if (before[0].leftOut > 0) tally.shortened += results.length;
          tally.unchanged += results.length;
          forecast(stored[0].forecasts ?? undefined);
          alive();
          continue;
        }
        const { data, leftOut } = await readSeries(transaction, task);
        const forecasts = closesAsForecasts(data);
        forecast(forecasts);
        const of: RecordOf = { symbol, series, data, leftOut, forecasts, basis };
        const { results, failed, overfitting } = await computeTrials(task, data, { ...context, beat });
        if (leftOut > 0) tally.shortened += results.length;
        for (const one of failed) {
          tally.fail(one, name);
          await saveBacktests(transaction, input, [failureRecord(of, one)]);
        }
        for (const result of results) {
          const options = optionsOf(result, trials, data);
          tally.add({ ...result, terms: termsOf(data.market, options) });
          await saveBacktests(transaction, input, [backtestRecord(of, result, { options, overfitting })]);
          alive();
        }
      }
      const [failure] = tally.failed;
      if (tally.backtests === 0 && failure !== undefined) throw badInput(failure);
      const beat = (): void => work.heartbeat({ series: tasks.length, of: tasks.length, backtests: tally.backtests });
      await walkForwards(transaction, input, context, { groups, tasks, tally, beat });
      for (const { interval, bins } of calibrations(resolved)) await saveCalibration(transaction, { executionId, symbol, interval, bins });
      const degraded = [...tally.failed, ...tally.lookAhead];
      for (const sentence of degraded) log.warn(sentence, { runId: input.runId, taskId: stageTaskId(symbol, input.stage) });
      return { output: tally.output(), ...(degraded.length > 0 && { degraded }) };
    });
  };
}

function optionsOf(result: BacktestResult, trials: readonly Trial[], { market }: BacktestData): BacktestOptions {
  const params = JSON.stringify(result.params);
  const own = trials.find(({ strategy, params: given }) => strategy.name === result.strategy && JSON.stringify(given) === params);
  return (own ?? trials[0])?.options ?? optionsFor(market);
}

/** Minimum number of markets for a calibration, because all closes of one market have the same outcome. */
const MIN_MARKETS = 2;

/** A market's closes, up to its end, as forecasts of its outcome; undefined when the outcome is neither 0 nor 1. */
function closesAsForecasts({ candles, market }: BacktestData): MarketForecasts | undefined {
  const { resolution } = market;
  if (resolution.kind !== 'settled' || (resolution.payout !== 0 && resolution.payout !== 1)) return undefined;
  const bars = barsByClose(candles.openTime, market);
  return bars === 0 ? undefined : marketForecasts(candles.close.subarray(0, bars), resolution.payout, market.event ?? undefined);
}

/** The closes of one resolved market as forecasts of its outcome. */
interface ResolvedCloses {
  readonly interval: Interval;
  readonly closes: MarketForecasts;
}

/** A calibration table for each interval with enough markets. */
const calibrations = (resolved: readonly ResolvedCloses[]): readonly { readonly interval: Interval; readonly bins: Json }[] =>
  [...groupedBy(resolved, ({ interval }) => interval)]
    .filter(([, markets]) => markets.length >= MIN_MARKETS)
    .map(([interval, markets]) => ({ interval, bins: encodeCalibration(calibrationOfMarkets(markets.map(({ closes }) => closes))) }));

/** What the records of all trials on a series have in common. */
interface RecordOf {
  readonly symbol: string;
  readonly series: BacktestSeries;
  readonly data: BacktestData;
  /** Number of the series' oldest bars that were left out for lack of memory. */
  readonly leftOut: number;
  readonly forecasts: MarketForecasts | undefined;
  readonly basis: string;
}

/** The stored form of a result: with times instead of bar numbers, and no more points of the curve than can be drawn. */
function backtestRecord(
  { symbol, series: { instrumentKey, interval, priceType }, data, leftOut, forecasts, basis }: RecordOf,
  result: BacktestResult,
  { options, overfitting }: { readonly options: BacktestOptions; readonly overfitting: number | null },
): BacktestRecord {
  const { candles } = data;
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
function failureRecord(
  { symbol, series: { instrumentKey, interval, priceType }, data, leftOut, forecasts, basis }: RecordOf,
  { strategy, params, because, passport }: FailedTrial,
): BacktestRecord {
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
