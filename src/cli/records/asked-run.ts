import type { KnownRun, PredictLab } from '../../client.ts';
import { messageOf, PredictLabError } from '../../contracts/errors.ts';
import type { PipelineResult } from '../../contracts/run/pipeline-status.ts';
import type { Database } from '../../storage/database/database.ts';
import { runOf, type StoredRun } from '../../storage/runs/runs.ts';
import { recordedEnd } from '../../watch/records/record-end.ts';
import { ExitError, usageError } from '../terminal/exit.ts';
import { lookIntoDatabase } from '../terminal/session.ts';

/**
 * Asks a run itself; when nobody can answer for it (no worker is up, Temporal has forgotten it) and it is over, asks what it
 * recorded.
 *
 * @throws ExitError 2 when neither Temporal nor the database knows the run, 3 when it is open and does not answer
 */
export async function askRun<T>(
  lab: PredictLab,
  run: string,
  { live, recorded }: { live: () => Promise<T>; recorded: (ended: PipelineResult) => T | Promise<T> },
): Promise<T> {
  const known = await lab.describe(run);
  try {
    return await live();
  } catch (error) {
    const ended = known?.open ? undefined : await lookIntoDatabase((database) => endOf(lab, database, run, known));
    if (ended !== undefined) return await recorded(ended);
    if (known === undefined) throw usageError(`there is no run ${run}; \`predictlab runs\` lists them`);
    if (error instanceof PredictLabError || error instanceof ExitError) throw error;
    throw new ExitError(3, `${run} does not answer; is a worker running (\`predictlab worker\`)? (${messageOf(error)})`, { cause: error });
  }
}

async function endOf(
  lab: PredictLab,
  database: Database | undefined,
  run: string,
  known: KnownRun | undefined,
): Promise<PipelineResult | undefined> {
  if (database === undefined) return undefined;
  const stored = await storedRun(database, run, known);
  return stored === undefined ? undefined : await recordedEnd(lab, database, stored);
}

/** The record of a run; of the one that Temporal means by that name, where it knows it: an id may have been used again. */
export async function storedRun(database: Database, run: string, known: KnownRun | undefined): Promise<StoredRun | undefined> {
  return await runOf(database, known?.executionId ?? run);
}
