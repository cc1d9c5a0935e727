import type { PipelineResult, TaskResult } from '../contracts/run/pipeline-status.ts';
import { didYouMean } from '../contracts/text/nearest-name.ts';
import { STAGES, stageTaskId } from '../contracts/words.ts';

/**
 * Explains from the stored result how a task ended, for runs that can no longer be queried. If the result lists symbols instead of stages,
 * the symbol's result stands for each of its stages.
 */
export function storedWhy({ taskResults, reasons }: Pick<PipelineResult, 'taskResults' | 'reasons'>, taskId: string): string | undefined {
  const named = entryOf(taskResults, taskId) ?? unfinishedStage(taskResults, taskId);
  if (named === undefined) return undefined;
  const { status, attempts = 0, error, skippedBecause, degraded } = taskResults[named];
  const tried = attempts === 1 ? '1 attempt' : `${attempts} attempts`;
  switch (status) {
    case 'success':
      return `${named} succeeded${degraded === undefined ? '' : `, degraded: ${degraded.join('; ')}`}`;
    case 'failed':
      return `${named} failed after ${tried}: ${errorText(error)}`;
    case 'skipped':
      return skippedBecause === undefined
        ? `${named} was skipped`
        : `${named} was skipped because ${skippedBecause} failed: ${errorText(taskResults[entryOf(taskResults, skippedBecause) ?? '']?.error)}`;
    default:
      return `${named} was cut off with the run${reasons.length === 0 ? '' : `: ${reasons[0]}`}`;
  }
}

/** The name under which results contain a task: its id, or its symbol. */
function entryOf(taskResults: PipelineResult['taskResults'], taskId: string): string | undefined {
  const symbol = taskId.slice(0, Math.max(0, taskId.lastIndexOf('/')));
  return [taskId, symbol].find((name) => name !== '' && Object.hasOwn(taskResults, name));
}

/** The first stage of a symbol that has not succeeded, else its last one. */
function unfinishedStage(taskResults: PipelineResult['taskResults'], symbol: string): string | undefined {
  const stages = STAGES.map((stage) => stageTaskId(symbol, stage)).filter((id) => Object.hasOwn(taskResults, id));
  return stages.find((id) => taskResults[id].status !== 'success') ?? stages.at(-1);
}

/** The end of an error message about an unknown task id: `; did you mean X?`, or an empty text. */
export const nearestTask = ({ taskResults }: Pick<PipelineResult, 'taskResults'>, taskId: string): string =>
  didYouMean(taskId, Object.keys(taskResults));

const errorText = (error: TaskResult['error']): string =>
  error ? `${error.type}: ${error.message}`.replaceAll(/\s*\n\s*/g, ' ') : 'its error was not recorded';
