import { setImmediate } from 'node:timers/promises';
import { backtestData } from '../../../backtest/engine/backtest-data.ts';
import { optionsFor, type Trial } from '../../../backtest/run-backtest.ts';
import { type TrialsResult, trialSteps } from '../../../backtest/run-trials.ts';
import { shippedStrategies } from '../../../backtest/strategies/registry.ts';
import { PredictLabError } from '../../../contracts/errors.ts';
import { pluginsOfThread } from './run-thread-task.ts';
import { type BacktestsJob, describeThrown, type ThrownError } from './thread-messages.ts';

/** Whoever waits hears of it, and an abort is heard, this often between trials. */
const SLICE_MS = 50;

/** Runs all trials of the strategies on one series on this thread. Never throws. */
export async function runBacktests(
  { plugins, series, trials: named, candles, market }: BacktestsJob,
  { alive, signal }: { readonly alive: () => void; readonly signal: AbortSignal },
): Promise<TrialsResult | { readonly thrown: ThrownError }> {
  try {
    const known = new Map([...shippedStrategies, ...(await pluginsOfThread(plugins)).strategies].map((one) => [one.name, one]));
    const trials = named.map(({ strategy, ...trial }): Trial => {
      const found = known.get(strategy);
      if (found === undefined)
        throw new PredictLabError('BadInput', `the strategy "${strategy}" is in no plugin of this thread; start the worker again`);
      return { ...trial, strategy: found };
    });
    const data = backtestData(candles, market, { series, whereOf: (bar) => `${series}, ${new Date(candles.openTime[bar]).toISOString()}` });
    const steps = trialSteps(data, trials, optionsFor(market));
    let turn = performance.now();
    for (;;) {
      const step = steps.next();
      if (step.done) return step.value;
      if (performance.now() - turn < SLICE_MS) continue;
      alive();
      await setImmediate();
      signal.throwIfAborted();
      turn = performance.now();
    }
  } catch (thrown) {
    return { thrown: describeThrown(thrown) };
  }
}
