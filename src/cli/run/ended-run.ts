import { existsSync } from 'node:fs';
import { RunEnded } from '../../client/runs/run-outcome.ts';
import type { PredictLab, RunName } from '../../client.ts';
import { messageOf } from '../../contracts/errors.ts';
import type { PipelineResult, PipelineStatus, TaskResult } from '../../contracts/run/pipeline-status.ts';
import { runReportPath } from '../../report/elements/report-path.ts';
import type { ReusedEffect } from '../../storage/runs/ledger/ledger-takeover.ts';
import { ExitError, note } from '../terminal/print.ts';
import { withExistingDatabase } from '../terminal/session.ts';

/**
 * The result of an ended run. For a failed run it is read from the failure, for a cancelled run from a query of the closed workflow.
 * @throws ExitError 2 for `InvalidPipeline`, 1 for a run that ended without a result (terminated)
 */
export async function resultOfEnded(lab: PredictLab, run: RunName): Promise<PipelineResult> {
  try {
    return await lab.result(run);
  } catch (error) {
    if (!(error instanceof RunEnded)) throw error;
    if (error.how === 'invalid') throw new ExitError(2, error.message, { cause: error });
    if (error.partial !== undefined) return error.partial;
    if (error.how === 'cancelled') return { ...(await lab.status(run)), result: 'cancelled', reasons: [error.message] };
    throw new ExitError(1, error.message, { cause: error });
  }
}

/** The exit code of a result: 0 for success and degraded (with `strict` only for success), 1 for failed and cancelled. */
export const exitCodeOf = ({ result }: Pick<PipelineResult, 'result'>, { strict = false } = {}): 0 | 1 =>
  result === 'success' || (result === 'degraded' && !strict) ? 0 : 1;

/** The path of an ended run's page; a run whose id was used before has a folder of its own. Needs no database. */
export async function reportPlace(home: string, lab: PredictLab, run: RunName): Promise<string> {
  const known = await lab.describe(run);
  const runId = known?.runId ?? (typeof run === 'string' ? run : run.runId);
  if (known === undefined) return runReportPath(home, runId);
  const ownPage = runReportPath(home, { ...known, idUsedBefore: true });
  return existsSync(ownPage) ? ownPage : runReportPath(home, runId);
}

/** A run's status, with the parts that were too large for Temporal added from the database; `leftOut` names those it cannot add. */
export async function filledIn<Status extends PipelineStatus>(status: Status): Promise<Status> {
  if (status.leftOut === undefined) return status;
  try {
    return await withExistingDatabase(async (database) => {
      if (database === undefined) return status;
      const [{ runOf }, { effectsOf }] = await Promise.all([
        import('../../storage/runs/runs.ts'),
        import('../../storage/runs/ledger/ledger-takeover.ts'),
      ]);
      const run = await runOf(database, status.runId);
      if (run === undefined) return status;
      return withOutputs({ ...status, ...run.status }, await effectsOf(database, { executionId: run.executionId }));
    });
  } catch (error) {
    note(`what is left out of this status (${status.leftOut.join(', ')}) is in the database, which does not answer: ${messageOf(error)}`);
    return status;
  }
}

/** The status with the outputs of succeeded tasks from the ledger. `leftOut` still names the outputs if one of them is missing. */
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
