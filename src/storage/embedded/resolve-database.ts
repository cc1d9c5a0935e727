import { statSync } from 'node:fs';
import path from 'node:path';
import type { Log } from '../../contracts/log.ts';
import { homeFolder } from '../../processes/home-folder.ts';
import { attachPostgres } from './embedded-postgres.ts';

/** The URL of a database that can be opened; call `close` when it is no longer needed. */
export interface LocatedDatabase {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Locates the data: `DATABASE_URL`, else the embedded Postgres under `PREDICTLAB_HOME` (`./.predictlab`), which is attached to or started.
 * Close the result after its pool: the last process to close it stops the server.
 */
export async function resolveDatabase(env: NodeJS.ProcessEnv, log?: Log): Promise<LocatedDatabase> {
  const url = env.DATABASE_URL?.trim();
  if (url !== undefined && url !== '') return { url, close: async () => undefined };
  return await attachPostgres({ home: homeFolder(env), ...(log === undefined ? {} : { log }) });
}

/** Whether a database exists, for callers that must not create one, as opening the embedded database does. */
export function hasDatabase(env: NodeJS.ProcessEnv): boolean {
  if (env.DATABASE_URL?.trim()) return true;
  try {
    statSync(path.join(homeFolder(env), 'postgres'));
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ENOENT';
  }
}
