import type { PredictLab } from '../../client.ts';
import { homeFolder } from '../../processes/home-folder.ts';
import { databaseMark } from '../../storage/database/database-mark.ts';
import { addressOf } from '../../storage/database/database-url.ts';
import { hasDatabase } from '../../storage/embedded/resolve-database.ts';
import { useDatabase } from '../terminal/session.ts';

/**
 * A sentence when every worker that could take a run uses another database than this command: `plan`, `export` and `report` then do
 * not see the run's data, symbols and report. Undefined when that is not the case, or not known.
 */
export async function otherDatabase(lab: Pick<PredictLab, 'workerDatabases'>, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const theirs = await lab.workerDatabases();
  if (theirs.length === 0) return undefined;
  const url = env.DATABASE_URL?.trim() ?? '';
  const home = homeFolder(env);
  // looking must not create a database
  const own = hasDatabase(env) ? await useDatabase(databaseMark).catch(() => undefined) : 'none';
  if (own === undefined || theirs.includes(own)) return undefined;
  const ours = url === '' ? `the embedded one of ${home}` : addressOf(url);
  return `the worker uses another database than this command (${ours}): give both the same DATABASE_URL, or the same PREDICTLAB_HOME; the run and its report will be where the worker is`;
}
