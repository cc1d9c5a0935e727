import { groupedBy } from '../../../contracts/grouped-by.ts';
import type { TaskResult } from '../../../contracts/run/pipeline-status.ts';
import { generalText } from '../../../contracts/text/general-text.ts';
import { STAGES } from '../../../contracts/words.ts';

/** Tasks that failed for the same reason. */
export interface SharedFailure {
  /** The stage that failed; for a custom task its id; `a stage` if the run's status names symbols instead of stages. */
  readonly what: string;
  /** Failed tasks, in the run's order. */
  readonly taskIds: readonly string[];
  readonly type: string;
  /** The error message of the first failed task. */
  readonly message: string;
  /** Largest number of attempts of one of the tasks. */
  readonly attempts: number;
  /** Number of tasks that were skipped because one of these failed. */
  readonly skipped: number;
}

/** A text that is equal for errors of the same reason: the message without task, ids, amounts and times. */
export const fingerprint = (
  taskId: string,
  { type, message }: { readonly type: string; readonly message: string },
  what: string = stageOf(taskId) ?? taskId,
): string => {
  return JSON.stringify([what, type, generalText(message, taskId)]);
};

/**
 * The failed tasks of a run by their reasons, most failed tasks first.
 * @param symbols the run's symbols: the status of a large run names them instead of their stages
 */
export const rootCauses = (
  tasks: Readonly<Record<string, TaskResult>>,
  symbols: ReadonlySet<string> = new Set(),
): readonly SharedFailure[] => {
  const whatOf = (taskId: string): string => (symbols.has(taskId) ? 'a stage' : (stageOf(taskId) ?? taskId));
  const skipped = new Map<string, number>();
  for (const { status, skippedBecause } of Object.values(tasks)) {
    if (status === 'skipped' && skippedBecause !== undefined) skipped.set(skippedBecause, (skipped.get(skippedBecause) ?? 0) + 1);
  }
  const failed = Object.entries(tasks).filter(([, { status }]) => status === 'failed');
  const groups = groupedBy(failed, ([taskId, { error }]) => fingerprint(taskId, error ?? { type: 'Error', message: '' }, whatOf(taskId)));
  return [...groups.values()]
    .map((group): SharedFailure => {
      const [[first, { error }]] = group;
      return {
        what: whatOf(first),
        taskIds: group.map(([taskId]) => taskId),
        type: error?.type ?? 'Error',
        message: error?.message ?? 'no message',
        attempts: Math.max(...group.map(([, task]) => task.attempts ?? 1)),
        skipped: group.reduce((sum, [taskId]) => sum + (skipped.get(taskId) ?? 0), 0),
      };
    })
    .sort((a, b) => b.taskIds.length - a.taskIds.length);
};

const stageOf = (taskId: string): string | undefined => STAGES.find((stage) => taskId.endsWith(`/${stage}`));
