import type { PredictLab } from '../../client.ts';
import { Closers } from '../../closers.ts';
import { homeFolder } from '../../processes/home-folder.ts';
import type { Database } from '../../storage/database/database.ts';
import { note, usageError } from './print.ts';

/**
 * Connects to Temporal for one command and always closes the connection.
 * @throws PredictLabError that says which address failed and what to start (exit code 3)
 */
export async function withPredictLab<T>(work: (lab: PredictLab) => Promise<T>): Promise<T> {
  // Temporal's client takes a third of a second to load: only the commands that use it load it.
  const client = await import('../../client.ts');
  const lab = await client.PredictLab.connect();
  try {
    return await work(lab);
  } finally {
    await lab.close();
  }
}

/** A sentence saying that nothing is stored yet, and where this command looked. */
export const nothingStored = (env: NodeJS.ProcessEnv): string =>
  `nothing is stored under ${homeFolder(env)} yet; \`predictlab dev\` starts there, and PREDICTLAB_HOME or DATABASE_URL name data that is elsewhere`;

/**
 * Opens the database for a command that only reads. When there is none, none is created and `work` gets undefined.
 * @param assumed what the command shows in that case; printed with the sentence that nothing is stored @default no sentence is printed
 */
export async function withExistingDatabase<T>(work: (database: Database | undefined) => Promise<T>, assumed?: string): Promise<T> {
  const { hasDatabase } = await import('../../storage/embedded/resolve-database.ts');
  if (hasDatabase(process.env)) return await useDatabase(work);
  if (assumed !== undefined) note(`${nothingStored(process.env)}; ${assumed}`);
  return await work(undefined);
}

/** The result of a query; undefined when there is no database. */
export const queryIfStored = <T>(query: (database: Database) => Promise<T>): Promise<T | undefined> =>
  withExistingDatabase(async (database) => (database === undefined ? undefined : await query(database)));

/** Opens the database for a command that needs stored data. @throws ExitError 2 when there is no database */
export async function useStoredData<T>(work: (database: Database) => Promise<T>): Promise<T> {
  const { hasDatabase } = await import('../../storage/embedded/resolve-database.ts');
  if (!hasDatabase(process.env)) throw usageError(nothingStored(process.env));
  return await useDatabase(work);
}

/** Opens the database (DATABASE_URL, or the embedded server) for one command and always closes it. */
export async function useDatabase<T>(work: (database: Database) => Promise<T>): Promise<T> {
  // Loaded here, so that neither `--help` nor a wrong option waits for Postgres' client.
  const [{ createLog }, { resolveDatabase }, { openDatabase }] = await Promise.all([
    import('../../telemetry/log.ts'),
    import('../../storage/embedded/resolve-database.ts'),
    import('../../storage/database/open-database.ts'),
  ]);
  const log = createLog({ LOG_LEVEL: 'warn', ...process.env });
  const closers = new Closers(log);
  try {
    const { url } = closers.add('the embedded Postgres', await resolveDatabase(process.env, log));
    return await work(closers.add('the database pool', await openDatabase({ url, max: 4, applicationName: 'predictlab-cli' })));
  } finally {
    await closers.close();
  }
}
