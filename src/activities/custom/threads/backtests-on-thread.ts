import { setImmediate } from 'node:timers/promises';
import { type BacktestData, backtestData } from '../../../backtest/engine/backtest-data.ts';
import { requireBuiltIns } from '../../../backtest/engine/fence.ts';
import type { BacktestOptions } from '../../../backtest/engine/options.ts';
import { encodeWalkForward } from '../../../backtest/record/walk-forward-columns.ts';
import { optionsFor, type Trial } from '../../../backtest/run-backtest.ts';
import { type TrialsResult, trialSteps } from '../../../backtest/run-trials.ts';
import { shippedStrategies } from '../../../backtest/strategies/registry.ts';
import { walkForwardSteps } from '../../../backtest/walk-forward/walk-forward.ts';
import { badInput } from '../../../contracts/errors.ts';
import { sharedObjectsChanged } from '../../../plugins/shared-objects.ts';
import { strategiesForBatch } from './run-thread-task.ts';
import { describeThrown, type SeriesJob, type ThrownError, type WalkForwardJob } from './thread-messages.ts';

interface JobControl {
  readonly alive: () => void;
  readonly signal: AbortSignal;
}

/** The result of a job, or its error as plain data, because an error object loses its class between threads. */
export type SeriesEnd<T> = T | { readonly thrown: ThrownError };

/** Runs all trials of the strategies on one series on this thread. Never throws. */
export const runBacktests = async (job: SeriesJob, how: JobControl): Promise<SeriesEnd<TrialsResult>> =>
  await onSeries(job, how, trialSteps);

/** Runs the walk-forward test of one series on this thread; returns the record in its stored form. Never throws. */
export async function runWalkForward(job: WalkForwardJob, how: JobControl): Promise<SeriesEnd<ReturnType<typeof encodeWalkForward>>> {
  const { parts, trials } = job;
  // fresh copies of the strategies for the walk-forward's parts, so that they remember nothing of the whole series
  const again = new Map((await strategiesForBatch(job.plugins)).map((one) => [one.name, one]));
  const end = await onSeries(job, how, (data, known, options) => {
    const restarting = known.map((trial): Trial => {
      const restarted = again.get(trial.strategy.name);
      return restarted === undefined ? trial : { ...trial, restarted };
    });
    return walkForwardSteps(data, restarting, options, parts);
  });
  return 'thrown' in end ? end : encodeWalkForward(end, { ...parts, trials: trials.length });
}

async function onSeries<T>(
  { plugins, series, trials: named, candles, market, barMs, twin }: SeriesJob,
  { alive, signal }: JobControl,
  stepsOf: (data: BacktestData, trials: readonly Trial[], options: BacktestOptions) => Generator<void, T>,
): Promise<SeriesEnd<T>> {
  try {
    const known = new Map([...shippedStrategies, ...(await strategiesForBatch(plugins))].map((one) => [one.name, one]));
    const trials = named.map(({ strategy, ...trial }): Trial => {
      const found = known.get(strategy);
      if (found === undefined) throw badInput(`the strategy "${strategy}" is in no plugin of this thread; start the worker again`);
      return { ...trial, strategy: found };
    });
    const whereOf = (bar: number): string => `${series}, ${new Date(candles.openTime[bar]).toISOString()}`;
    const data = backtestData(candles, market, { names: { series, whereOf }, barMs, twin });
    const steps = stepsOf(data, trials, optionsFor(market));
    return await inSlices(steps, signal, alive);
  } catch (thrown) {
    return { thrown: describeThrown(thrown) };
  }
}

/** Longest time between two turns of the event loop, in which heartbeats are sent, an abort is noticed and other work continues. */
const SLICE_MS = 50;

/**
 * Runs a generator to its end without blocking the event loop, and returns its result.
 * @param beat called once per turn of the event loop
 * @throws the reason of the signal once it is aborted
 */
export async function inSlices<T>(steps: Generator<void, T>, signal: AbortSignal, beat: () => void): Promise<T> {
  let turn = performance.now();
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    if (performance.now() - turn < SLICE_MS) continue;
    beat();
    await setImmediate();
    requireBuiltIns('was changed after a decision, by code that a strategy started');
    // code that a strategy started may also have restored in a shared object what an earlier copy saw
    sharedObjectsChanged();
    signal.throwIfAborted();
    turn = performance.now();
  }
}
