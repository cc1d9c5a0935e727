import type { PredictLab } from '../../client.ts';
import { runOf } from '../../storage/runs/runs.ts';
import { lookIntoDatabase } from '../terminal/session.ts';

/**
 * A sentence when an ended run has this id already: it may be used again, and then means the new run. Whether one is open Temporal says
 * itself; of runs that it has forgotten the database is asked, where there is one.
 */
export async function usedId(lab: Pick<PredictLab, 'describe'>, id: string): Promise<string | undefined> {
  const known = await lab.describe(id);
  if (known?.open) return undefined;
  const earlier =
    known ??
    (await lookIntoDatabase(async (database) => (database === undefined ? undefined : await runOf(database, id))).catch(() => undefined));
  if (earlier === undefined || earlier.runId !== id) return undefined;
  return `the id ${id} was used before: from now on it means the new run, and the earlier one is ${earlier.executionId} to \`status\`, \`report\` and the like`;
}
