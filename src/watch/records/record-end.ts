import { RunEnded } from '../../client/runs/run-ended.ts';
import type { KnownRun, PredictLab } from '../../client.ts';
import { messageOf } from '../../contracts/errors.ts';
import type { PipelineResult } from '../../contracts/run/pipeline-status.ts';
import { observeRun } from '../../incidents/rows/observe-run.ts';
import type { Database } from '../../storage/database/database.ts';
import { databaseMark } from '../../storage/database/database-mark.ts';
import { openRuns } from '../../storage/runs/open-runs.ts';
import { ledgerTasks } from '../../storage/runs/run-rows.ts';
import { endRun, runOf, type StoredRun } from '../../storage/runs/runs.ts';
import { ledgerStatus } from './ledger-status.ts';

/** The part of the client that reads runs from Temporal. */
type Lab = Pick<PredictLab, 'describe' | 'status' | 'result' | 'workerDatabases'>;

/**
 * The end of a run. A run that is over and could not record its end (it was ended from outside, or its database was away) is recorded
 * now: from Temporal, and where Temporal no longer has it, from the ledger.
 *
 * @returns undefined while the run is open, and where this Temporal does not know it because its workers have another database
 */
export async function recordedEnd(lab: Lab, database: Database, stored: StoredRun): Promise<PipelineResult | undefined> {
  if (stored.status !== null) return stored.status;
  const known = await lab.describe(stored);
  if (known?.open || (known === undefined && (await belongsToOthers(lab, database)))) return undefined;
  const result =
    (known === undefined ? undefined : await asTemporalHasIt(lab, stored, known)) ?? (await fromLedger(database, stored, known));
  const { executionId } = stored;
  await database.transaction(async (transaction) => {
    await endRun(transaction, { executionId, result });
    await observeRun(transaction, { executionId, result });
  });
  return result;
}

/** Records the ends that the database lacks, of runs that Temporal reports as closed. */
export async function recordEnds(lab: Lab, database: Database): Promise<void> {
  for (const executionId of await openRuns(database, Date.now())) {
    const stored = await runOf(database, executionId);
    if (stored !== undefined) await recordedEnd(lab, database, stored);
  }
}

/** Whether the workers of this Temporal server use another database, so that the server need not know our runs. */
async function belongsToOthers(lab: Lab, database: Database): Promise<boolean> {
  const theirs = await lab.workerDatabases();
  const own = await databaseMark(database);
  return own !== undefined && theirs.length > 0 && !theirs.includes(own);
}

/** The result from the run's history; undefined where it has none, or where no worker is up to read it. */
async function asTemporalHasIt(lab: Lab, stored: StoredRun, { closeStatus }: KnownRun): Promise<PipelineResult | undefined> {
  try {
    return await lab.result(stored);
  } catch (error) {
    if (!(error instanceof RunEnded)) throw error;
    if (error.partial !== undefined) return error.partial;
    const status = await lab.status(stored).catch(() => undefined);
    if (status === undefined || status.totalTasks === 0) return undefined;
    return { ...status, result: closeStatus === 'CANCELLED' ? 'cancelled' : 'failed', reasons: [messageOf(error)] };
  }
}

async function fromLedger(database: Database, stored: StoredRun, known: KnownRun | undefined): Promise<PipelineResult> {
  const how =
    known === undefined
      ? `run ${stored.runId} did not record its end, and Temporal no longer has it: tasks that are not in the ledger count as cut off`
      : `run ${stored.runId} was ended from outside (${known.closeStatus.toLowerCase().replaceAll('_', ' ')})`;
  const result = ledgerStatus(stored, await ledgerTasks(database, stored), { closedAt: known?.closedAt, how });
  return known?.closeStatus === 'CANCELLED' ? { ...result, result: 'cancelled' } : result;
}
