import type { PredictLab } from '../../client.ts';
import { messageOf, PredictLabError } from '../../contracts/errors.ts';
import type { PipelineResult } from '../../contracts/run/pipeline-status.ts';
import type { Database } from '../../storage/database/database.ts';
import type { StoredRun } from '../../storage/runs/runs.ts';
import { ExitError, noRun } from '../terminal/print.ts';
import { queryIfStored } from '../terminal/session.ts';

/**
 * Queries a run, or reads its record in the database when it has ended and does not answer (no worker, or Temporal no longer has it).
 * @throws ExitError 2 when neither Temporal nor the database has the run, 3 when it is open and does not answer
 */
export async function queryRun<T>(
  lab: PredictLab,
  run: string,
  { live, recorded }: { live: () => Promise<T>; recorded: (ended: PipelineResult) => T | Promise<T> },
): Promise<T> {
  try {
    return await live();
  } catch (error) {
    const known = await lab.describe(run);
    // Looked up by the execution id that Temporal has for this name, since a run id may have been used again.
    const ended = known?.open ? undefined : await queryIfStored((database) => endOf(lab, database, known?.executionId ?? run));
    if (ended !== undefined) return await recorded(ended);
    if (known === undefined) throw noRun(run);
    if (error instanceof PredictLabError || error instanceof ExitError) throw error;
    throw new ExitError(3, `${run} does not answer; is a worker running (\`predictlab worker\`)? (${messageOf(error)})`, { cause: error });
  }
}

/** The run in the database. Loads the code for it here, because a run that answers does not need it: it takes a fifth of a second. */
async function storedRun(database: Database, run: string): Promise<StoredRun | undefined> {
  const { runOf } = await import('../../storage/runs/runs.ts');
  return await runOf(database, run);
}

async function endOf(lab: PredictLab, database: Database, run: string): Promise<PipelineResult | undefined> {
  const stored = await storedRun(database, run);
  if (stored === undefined) return undefined;
  const { recordedEnd } = await import('../../watch/records/record-end.ts');
  return await recordedEnd(lab, database, stored);
}

/** A sentence if an ended run already has this id, since the id will then mean the new run. Queries Temporal, then the database. */
export async function usedId(lab: Pick<PredictLab, 'describe'>, id: string): Promise<string | undefined> {
  const known = await lab.describe(id);
  if (known?.open) return undefined;
  const earlier = known ?? (await queryIfStored((database) => storedRun(database, id)).catch(() => undefined));
  if (earlier === undefined || earlier.runId !== id) return undefined;
  return `the id ${id} was used before: it now means the new run; name the earlier one ${earlier.executionId} in \`status\`, \`report\` and other commands`;
}
