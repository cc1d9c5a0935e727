import { codeGap, hashText } from '../../../backtest/proof/passport.ts';
import { decodeWalkForward, encodeNoWalkForward } from '../../../backtest/record/walk-forward-columns.ts';
import { windowsOf } from '../../../backtest/walk-forward/windows.ts';
import { PredictLabError } from '../../../contracts/errors.ts';
import { DEFAULT_BACKTEST } from '../../../contracts/run/backtest-settings.ts';
import type { StageInput } from '../../../contracts/task/stage-report.ts';
import { saveWalkForward, takeOverWalkForwards } from '../../../storage/backtests/walk-forwards.ts';
import type { Transaction } from '../../../storage/database/database.ts';
import { type ComputeContext, computeWalkForward } from './backtest-compute.ts';
import { plannedSeries, readSeries, type SeriesTask } from './backtest-plan.ts';
import type { BacktestTally } from './backtest-tally.ts';
import type { TrialGroup } from './backtest-trials.ts';

interface WalkForwardStage {
  readonly groups: readonly TrialGroup[];
  readonly tasks: readonly SeriesTask[];
  readonly tally: BacktestTally;
  readonly beat: () => void;
}

/** Runs and stores the walk-forward of each series, if requested; unchanged series keep their last result. */
export async function walkForwards(
  transaction: Transaction,
  input: StageInput,
  context: ComputeContext,
  { groups, tasks: planned, tally, beat }: WalkForwardStage,
): Promise<void> {
  const { historyMs, walkForward: parts } = input.settings.backtest ?? DEFAULT_BACKTEST;
  if (parts === undefined || groups.length === 0) return;
  const { runId, executionId, symbol } = input;
  // each window chooses among all trials, so if strategies have different histories, the series are planned again with one history
  const together = groups.length === 1 && groups[0].historyMs === historyMs;
  const tasks = together
    ? planned
    : await plannedSeries(transaction, input, [{ historyMs, trials: groups.flatMap(({ trials }) => trials) }]);
  const bases = tasks.map(({ basis }) => hashText(`${basis} ${parts.trainMs} ${parts.testMs}`));
  const unchanged = await takeOverWalkForwards(transaction, { runId, executionId, symbol }, bases);
  for (const [at, task] of tasks.entries()) {
    beat();
    context.signal.throwIfAborted();
    const basis = bases[at];
    const series = `${task.instrument.id} ${task.series.interval}`;
    const before = task.trials.some(({ strategy }) => codeGap(strategy) !== undefined) ? undefined : unchanged.get(basis);
    if (before !== undefined) {
      tally.addWalkForward(decodeWalkForward(before), { series, unchanged: true });
      continue;
    }
    const { data } = await readSeries(transaction, task);
    const found = windowsOf(data, parts);
    const { instrumentKey, priceType, interval } = task.series;
    const record =
      'because' in found
        ? encodeNoWalkForward(found.because, { ...parts, trials: task.trials.length })
        : await walkedThrough(task, data, parts, { ...context, beat });
    await saveWalkForward(transaction, { runId, executionId }, { symbol, instrumentKey, priceType, interval, basis, ...record });
    tally.addWalkForward(decodeWalkForward(record.result), { series, unchanged: false });
  }
}

/** Runs the walk-forward of a series. If every trial fails, returns the first error as the reason why there is none. */
async function walkedThrough(
  ...[task, data, parts, context]: Parameters<typeof computeWalkForward>
): ReturnType<typeof computeWalkForward> {
  try {
    return await computeWalkForward(task, data, parts, context);
  } catch (error) {
    if (!(error instanceof PredictLabError) || error.type !== 'BadInput') throw error;
    const [{ strategy, params }] = task.trials;
    const first = { strategy: strategy.name, params, because: error.message };
    return encodeNoWalkForward(error.message, { ...parts, trials: task.trials.length }, [first]);
  }
}
