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

/** Whoever keeps runs: what Temporal says of them. */
type Lab = Pick<PredictLab, 'describe' | 'status' | 'result' | 'workerDatabases'>;

/**
 * How a recorded run ended. One that is over and could not record that itself (it was ended from outside, or its database was
 * away) is recorded now: as Temporal has it, and where Temporal has forgotten it, from the ledger.
 *
 * @returns undefined while it is open, and where this Temporal does not know it because its workers have another database
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

/** Records the ends of runs of which the database has none, as far as Temporal says that they are over. */
export async function recordEnds(lab: Lab, database: Database): Promise<void> {
  for (const executionId of await openRuns(database, Date.now())) {
    const stored = await runOf(database, executionId);
    if (stored !== undefined) await recordedEnd(lab, database, stored);
  }
}

/** Whether those who work on this Temporal server work on other data: then it is no wonder that it does not know our run. */
async function belongsToOthers(lab: Lab, database: Database): Promise<boolean> {
  const theirs = await lab.workerDatabases();
  const own = await databaseMark(database);
  return own !== undefined && theirs.length > 0 && !theirs.includes(own);
}

/** undefined where the run's history does not say, or no worker is up to read it. */
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
      ? `run ${stored.runId} did not record its end, and Temporal no longer has it: what the ledger does not have counts as cut off`
      : `run ${stored.runId} was ended from outside (${known.closeStatus.toLowerCase().replaceAll('_', ' ')})`;
  const result = ledgerStatus(stored, await ledgerTasks(database, stored), { closedAt: known?.closedAt, how });
  return known?.closeStatus === 'CANCELLED' ? { ...result, result: 'cancelled' } : result;
}
