import { messageOf } from '../../contracts/errors.ts';
import type { PipelineStatus, TaskResult } from '../../contracts/run/pipeline-status.ts';
import { effectsOf, type ReusedEffect } from '../../storage/runs/ledger/ledger-takeover.ts';
import { runOf } from '../../storage/runs/runs.ts';
import { note } from '../terminal/print.ts';
import { lookIntoDatabase } from '../terminal/session.ts';

/**
 * A run's status with the parts that were too large for Temporal filled in from the database: the record of an ended run and the
 * output of every task. Without a database the status is unchanged, and its `leftOut` names what is missing.
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

/** The status with the outputs of succeeded tasks from the ledger. `leftOut` stays while one of them is missing. */
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
