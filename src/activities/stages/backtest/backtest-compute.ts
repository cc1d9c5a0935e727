import type { BacktestData } from '../../../backtest/engine/backtest-data.ts';
import { encodeWalkForward } from '../../../backtest/record/walk-forward-columns.ts';
import { optionsFor, type Trial } from '../../../backtest/run-backtest.ts';
import { type TrialsResult, trialSteps } from '../../../backtest/run-trials.ts';
import { shippedStrategies } from '../../../backtest/strategies/registry.ts';
import { walkForwardSteps } from '../../../backtest/walk-forward/walk-forward.ts';
import type { WalkForwardParts } from '../../../backtest/walk-forward/windows.ts';
import { inSlices } from '../../custom/threads/backtests-on-thread.ts';
import type { PluginThreads } from '../../custom/threads/plugin-threads.ts';
import type { SeriesJob } from '../../custom/threads/thread-messages.ts';
import type { SeriesTask } from './backtest-plan.ts';

/** Number of bars above which one trial blocks the event loop for too long. */
const LONG_SERIES_BARS = 20_000;

export interface ComputeContext {
  readonly threads: Pick<PluginThreads, 'backtests' | 'walkForward'>;
  /** Name of the task, for errors of threads. */
  readonly whose: string;
  readonly signal: AbortSignal;
}

type Heard = { readonly beat: () => void };

/** Runs all trials on a series without blocking the event loop; on a thread if they may take long. */
export const computeTrials = async (
  task: SeriesTask,
  data: BacktestData,
  { beat, ...context }: ComputeContext & Heard,
): Promise<TrialsResult> =>
  needsThread(task.trials, data.candles.length)
    ? await context.threads.backtests(jobOf(task, data), { ...context, alive: beat })
    : await inSlices(trialSteps(data, task.trials, optionsFor(data.market)), context.signal, beat);

/** Runs the walk-forward of a series and returns its stored record. */
export async function computeWalkForward(
  task: SeriesTask,
  data: BacktestData,
  parts: WalkForwardParts,
  { beat, ...context }: ComputeContext & Heard,
): Promise<ReturnType<typeof encodeWalkForward>> {
  if (needsThread(task.trials, data.candles.length))
    return await context.threads.walkForward({ ...jobOf(task, data), parts }, { ...context, alive: beat });
  const steps = walkForwardSteps(data, task.trials, optionsFor(data.market), parts);
  return encodeWalkForward(await inSlices(steps, context.signal, beat), { ...parts, trials: task.trials.length });
}

/** Whether the work runs on a thread: users' code may loop without end, and a long series would block the main thread. */
const needsThread = (trials: readonly Trial[], bars: number): boolean =>
  bars > LONG_SERIES_BARS || trials.some(({ strategy }) => !shippedStrategies.includes(strategy));

const jobOf = ({ series, instrument, trials }: SeriesTask, { candles, market, barMs, twin }: BacktestData): SeriesJob => ({
  // only modules whose strategies are judged: another one could keep code running that passes signals between series
  plugins: [...new Set(trials.flatMap(({ strategy }) => strategy.module ?? []))].join(','),
  series: `${instrument.id} ${series.interval}`,
  trials: trials.map(({ strategy, params, options }) => ({ strategy: strategy.name, params, options })),
  candles,
  market,
  barMs,
  twin: twin === null ? null : { id: twin.id, candles: twin.candles, barMs: twin.barMs },
});
