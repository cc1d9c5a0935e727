import { setImmediate } from 'node:timers/promises';
import { type BacktestData, backtestData } from '../../backtest/engine/backtest-data.ts';
import { lastCandles } from '../../backtest/engine/candle-series.ts';
import { instrumentAsOf, type Market, marketOf } from '../../backtest/engine/market.ts';
import { decodeMetrics } from '../../backtest/record/metrics-column.ts';
import { optionsFor, type Trial } from '../../backtest/run-backtest.ts';
import { MOST_VALUES, type TrialsResult, trialSteps } from '../../backtest/run-trials.ts';
import { shippedStrategies } from '../../backtest/strategies/registry.ts';
import type { Strategy } from '../../backtest/strategy.ts';
import type { Log } from '../../contracts/log.ts';
import { windowOf } from '../../contracts/run/run-window.ts';
import type { StageInput } from '../../contracts/run/stage-report.ts';
import { INTERVAL_MS, stageTaskId } from '../../contracts/words.ts';
import { backtestSeries, type StandingSeries } from '../../storage/backtests/backtest-series.ts';
import { saveBacktests, saveCalibration } from '../../storage/backtests/backtests.ts';
import { takeOverBacktests, unchangedBacktests } from '../../storage/backtests/unchanged-backtests.ts';
import { readCandles } from '../../storage/candles/candles.ts';
import type { Database, Queryable } from '../../storage/database/database.ts';
import { instrumentsOf, type StoredInstrument } from '../../storage/markets/instruments.ts';
import type { PluginThreads } from '../custom/threads/plugin-threads.ts';
import type { BacktestsJob } from '../custom/threads/thread-messages.ts';
import { backtestRecord } from './backtest-record.ts';
import { BacktestTally } from './backtest-tally.ts';
import { basisOf, optionsOn, type TrialGroup, trialGroups } from './backtest-trials.ts';
import { closesAsForecasts, ResolvedCloses } from './resolved-closes.ts';
import type { StageFunction } from './stage-work.ts';

export interface BacktestDependencies {
  readonly database: Database;
  /** Shipped ones and those of plugins. */
  readonly strategies: readonly Strategy[];
  /** `PREDICTLAB_PLUGINS`, for the threads that load them. */
  readonly plugins: string;
  readonly threads: Pick<PluginThreads, 'backtests'>;
  readonly log: Log;
}

/** The event loop gets its turn at least this often: heartbeats and other tasks share it. */
const SLICE_MS = 50;
/** One trial on more bars than this takes longer than that. */
const LONG_SERIES_BARS = 20_000;

/**
 * `backtest`: every strategy of the run, on every instrument and interval of the symbol that still trades or had complete candles
 * in the run's window, over as much of their stored history as the run asks for. All trials on one series are judged together;
 * a series of which nothing has changed since the symbol's last run keeps its results. None is an output of 0, not a failure.
 */
export function createBacktest({ strategies, plugins, threads, log }: BacktestDependencies): StageFunction {
  return async (input, work) => {
    const groups = trialGroups(input.settings, strategies);
    return await work.commit(async (transaction) => {
      const { executionId, symbol } = input;
      const tally = new BacktestTally();
      const resolved = new ResolvedCloses();
      const counted = new Set<string>();
      const tasks = await planned(transaction, input, groups);
      const unchanged = await unchangedBacktests(transaction, { symbol, executionId, bases: tasks.map(({ basis }) => basis) });
      for (const [done, task] of tasks.entries()) {
        const { series, trials, basis } = task;
        const beat = (): void => work.heartbeat({ series: done, of: tasks.length, backtests: tally.backtests });
        const alive = (): void => {
          beat();
          work.signal.throwIfAborted();
        };
        // the longest history of a market comes first, and each market counts once
        const forecast = (closes: Parameters<ResolvedCloses['add']>[1]): void => {
          const name = `${task.instrument.key} ${series.interval}`;
          if (!counted.has(name)) resolved.add(series.interval, closes);
          counted.add(name);
        };
        const before = unchanged.get(basis) ?? [];
        if (before.length === trials.length) {
          await takeOverBacktests(
            transaction,
            input,
            before.map(({ id }) => id),
          );
          const stored = before.map((one) => ({ ...one, ...decodeMetrics(one.metrics) }));
          for (const one of stored) tally.add(one);
          if (before[0].leftOut > 0) tally.shortened += before.length;
          tally.unchanged += stored.length;
          forecast(stored[0].forecasts ?? undefined);
          alive();
          continue;
        }
        const { data, leftOut } = await readSeries(transaction, task);
        if (leftOut > 0) tally.shortened += trials.length;
        const forecasts = closesAsForecasts(data);
        forecast(forecasts);
        const { results, overfitting } = needsThread(trials, data.candles.length)
          ? await threads.backtests(jobOf(plugins, task, data), {
              whose: stageTaskId(symbol, input.stage),
              signal: work.signal,
              alive: beat,
            })
          : await inSlices(data, trials, alive);
        for (const result of results) {
          tally.add(result);
          await saveBacktests(transaction, input, [
            backtestRecord({ symbol, series, data, leftOut, result, overfitting, forecasts, basis }),
          ]);
          alive();
        }
      }
      for (const { interval, bins } of resolved.tables()) await saveCalibration(transaction, { executionId, symbol, interval, bins });
      for (const sentence of tally.lookAhead) log.warn(sentence, { runId: input.runId, taskId: stageTaskId(symbol, input.stage) });
      return { output: tally.output(), ...(tally.lookAhead.size === 0 ? {} : { degraded: [...tally.lookAhead] }) };
    });
  };
}

/** All trials on one series. */
interface SeriesTask {
  readonly series: StandingSeries;
  readonly instrument: StoredInstrument;
  readonly market: Market;
  readonly trials: readonly Trial[];
  /** `from ≤ openTime`, closed by `to`; UTC epoch milliseconds. */
  readonly from: number;
  readonly to: number;
  readonly basis: string;
}

/** Code of users may loop for ever, and a long series holds up the loop for long: neither does so on the main thread. */
const needsThread = (trials: readonly Trial[], bars: number): boolean =>
  bars > LONG_SERIES_BARS || trials.some(({ strategy }) => !shippedStrategies.includes(strategy));

const jobOf = (plugins: string, { series, instrument, trials }: SeriesTask, { candles, market }: BacktestData): BacktestsJob => ({
  plugins,
  series: `${instrument.id} ${series.interval}`,
  trials: trials.map(({ strategy, params, options }) => ({ strategy: strategy.name, params, options })),
  candles,
  market,
});

async function planned(queryable: Queryable, { symbol, settings }: StageInput, groups: readonly TrialGroup[]): Promise<SeriesTask[]> {
  if (groups.length === 0) return [];
  const window = windowOf(settings);
  // what became known after the run's instant is not known to it
  const instruments = (await instrumentsOf(queryable, symbol, settings.sourceTypes)).map(({ key, ...instrument }) => ({
    key,
    ...instrumentAsOf(instrument, window.to),
  }));
  const byKey = new Map(instruments.map((one) => [one.key, one]));
  const keys = (open: boolean): number[] =>
    instruments.filter((one) => open === (!one.closed && one.resolution.kind === 'open')).map(({ key }) => key);
  const tasks: SeriesTask[] = [];
  for (const { historyMs, trials: configured } of groups) {
    const from = historyMs === null ? Number.NEGATIVE_INFINITY : window.to - historyMs;
    const filter = { open: keys(true), closed: keys(false), intervals: settings.intervals, from, closedSince: window.from, to: window.to };
    for (const series of await backtestSeries(queryable, filter)) {
      const instrument = byKey.get(series.instrumentKey) as StoredInstrument;
      // a book that was seen after the last bar is no strategy's business
      const { book } = instrument;
      const known = book !== null && book.at <= series.lastOpen + INTERVAL_MS[series.interval];
      const market = marketOf({ ...instrument, book: known ? book : null });
      const trials = configured.map((trial): Trial => ({ ...trial, options: optionsFor(market, optionsOn(trial.settings, instrument)) }));
      const basis = basisOf({ series, market, trials });
      tasks.push({ series, instrument, market, trials, from, to: window.to, basis });
    }
  }
  return tasks;
}

/** A series to backtest, and how many of its oldest bars there is no room for. */
async function readSeries(
  queryable: Queryable,
  { series, instrument, market, trials, from, to }: SeriesTask,
): Promise<{ readonly data: BacktestData; readonly leftOut: number }> {
  const { interval, priceType } = series;
  const stored = await readCandles(queryable, {
    instrumentKey: instrument.key,
    priceType,
    interval,
    ...(Number.isFinite(from) && { from }),
    // a run as of an earlier instant must not read bars that were still open then, though they are complete by now
    to: to - INTERVAL_MS[interval] + 1,
    completeOnly: true,
  });
  // a grid on years of minutes: as much of the newest as fits
  const candles = lastCandles(stored, Math.floor(MOST_VALUES / trials.length));
  const name = `${instrument.id} ${interval}`;
  const whereOf = (bar: number): string => `${name}, ${new Date(candles.openTime[bar]).toISOString()}`;
  return { data: backtestData(candles, market, { series: name, whereOf }), leftOut: stored.length - candles.length };
}

async function inSlices(data: BacktestData, trials: readonly Trial[], alive: () => void): Promise<TrialsResult> {
  const steps = trialSteps(data, trials, optionsFor(data.market));
  let turn = performance.now();
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    if (performance.now() - turn < SLICE_MS) continue;
    await setImmediate();
    alive();
    turn = performance.now();
  }
}
