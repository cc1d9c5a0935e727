import type { PredictLab } from '../../client.ts';
import { homeFolder } from '../../processes/home-folder.ts';
import { databaseMark } from '../../storage/database/database-mark.ts';
import { addressOf } from '../../storage/database/database-url.ts';
import { hasDatabase } from '../../storage/embedded/resolve-database.ts';
import { useDatabase } from '../terminal/session.ts';

/**
 * A sentence when every worker that would take a run works on another database than this command: the run's data, its symbols
 * and its report are then not those that `plan`, `export` and `report` see here. Nothing where it cannot be told.
 */
export async function otherDatabase(lab: Pick<PredictLab, 'workerDatabases'>, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const theirs = await lab.workerDatabases();
  if (theirs.length === 0) return undefined;
  const url = env.DATABASE_URL?.trim() ?? '';
  const home = homeFolder(env);
  // To look must not make a database where there is none.
  const own = hasDatabase(env) ? await useDatabase(databaseMark).catch(() => undefined) : 'none';
  if (own === undefined || theirs.includes(own)) return undefined;
  const ours = url === '' ? `the embedded one of ${home}` : addressOf(url);
  return `the worker works on another database than this command (${ours}): give both the same DATABASE_URL, or the same PREDICTLAB_HOME; the run and its report will be where the worker is`;
}
