import type { PredictLab } from '../../client.ts';
import { hasDatabase } from '../../storage/embedded/resolve-database.ts';
import { runOf } from '../../storage/runs/runs.ts';
import { useDatabase } from '../terminal/session.ts';

/**
 * A sentence when an ended run has this id already: it may be used again, and then means the new run. Whether one is open Temporal says
 * itself; of runs that it has forgotten the database is asked, where there is one.
 */
export async function usedId(lab: Pick<PredictLab, 'describe'>, id: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const known = await lab.describe(id);
  if (known?.open) return undefined;
  const earlier = known ?? (hasDatabase(env) ? await useDatabase((database) => runOf(database, id)).catch(() => undefined) : undefined);
  if (earlier === undefined || earlier.runId !== id) return undefined;
  return `the id ${id} was used before: from now on it means the new run, and the earlier one is ${earlier.executionId} to \`status\`, \`report\` and the like`;
}
