import { messageOf } from '../../contracts/errors.ts';
import type { PipelineStatus, TaskResult } from '../../contracts/run/pipeline-status.ts';
import { effectsOf, type ReusedEffect } from '../../storage/runs/ledger/ledger-takeover.ts';
import { runOf } from '../../storage/runs/runs.ts';
import { note } from '../terminal/print.ts';
import { lookIntoDatabase } from '../terminal/session.ts';

/**
 * What a run's status had to leave out to travel through Temporal, filled in from the database as far as that has it: the record of
 * a run that has ended, and every task's output. Without a database the status stays as it is, and says what it lacks.
 */
export async function filledIn<Status extends PipelineStatus>(status: Status): Promise<Status> {
  if (status.leftOut === undefined) return status;
  try {
    return await lookIntoDatabase(async (database) => {
      if (database === undefined) return status;
      const run = await runOf(database, status.runId);
      if (run === undefined) return status;
      return withOutputs({ ...status, ...run.status }, await effectsOf(database, { executionId: run.executionId }));
    });
  } catch (error) {
    note(`what is left out of this status (${status.leftOut.join(', ')}) is in the database, which does not answer: ${messageOf(error)}`);
    return status;
  }
}

/** The outputs that the ledger has of tasks that succeeded. While it lacks one of them, the status goes on saying so. */
export function withOutputs<Status extends PipelineStatus>(status: Status, effects: ReadonlyMap<string, ReusedEffect>): Status {
  let lacking = false;
  const taskResults = Object.fromEntries(
    Object.entries(status.taskResults).map(([taskId, task]): [string, TaskResult] => {
      if (task.status !== 'success' || task.output !== undefined) return [taskId, task];
      const effect = effects.get(taskId);
      lacking ||= effect === undefined;
      return [taskId, effect === undefined || effect.output === null ? task : { ...task, output: effect.output }];
    }),
  );
  const { leftOut = [], ...rest } = status;
  const still = lacking ? leftOut : leftOut.filter((part) => part !== 'outputs');
  return { ...rest, taskResults, ...(still.length === 0 ? {} : { leftOut: still }) } as unknown as Status;
}
