import { messageOf, PredictLabError } from '../../contracts/errors.ts';
import type { Log } from '../../contracts/log.ts';
import type { Database } from '../../storage/database/database.ts';
import { addressOf } from '../../storage/database/database-url.ts';
import { appliedMigrations, newerMigrations } from '../../storage/database/migrate.ts';
import { openDatabase } from '../../storage/database/open-database.ts';
import { resolveDatabase } from '../../storage/embedded/resolve-database.ts';
import { describeInterruptedRollback, interruptedRollback } from '../../storage/watch/watch-state.ts';
import { VERSION } from '../../version.ts';
import { away, broken, type CheckResult, ok, warn } from './check.ts';

/** Checks that the server of DATABASE_URL answers, or that the embedded one starts; it is stopped again if it was not running before. */
export async function checkPostgres(env: NodeJS.ProcessEnv, home: string, log: Log): Promise<readonly CheckResult[]> {
  const name = 'Postgres';
  const embedded = !env.DATABASE_URL;
  try {
    const located = await resolveDatabase(env, log);
    try {
      const database = await openDatabase({ url: located.url, max: 1, applicationName: 'predictlab-doctor', migrate: false });
      try {
        const { rows } = await database.query<{ version: string }>("select current_setting('server_version') as version");
        const where = embedded ? `embedded in ${home}` : addressOf(located.url);
        return [
          versionCheck(where, rows[0]?.version ?? ''),
          ...(await migratedFurther(database)),
          ...(await cutOff(database)),
          ...(await changedVenues(database)),
        ];
      } finally {
        await database.close();
      }
    } finally {
      await located.close();
    }
  } catch (error) {
    if (error instanceof PredictLabError && error.type === 'BadInput') {
      const [detail, action] = error.message.split('; ');
      return [broken(name, detail, action)];
    }
    const action = embedded
      ? 'look at the log in PREDICTLAB_HOME, or set DATABASE_URL to a Postgres of your own'
      : 'start that server, or fix DATABASE_URL (unset it to use the embedded one)';
    return [away(name, messageOf(error), action)];
  }
}

/** The oldest supported Postgres, as in docs/operations.md. */
const OLDEST_POSTGRES = 16;

/** Checks that the server's version is supported. */
export function versionCheck(where: string, version: string): CheckResult {
  const detail = `${where}, version ${version}`;
  if (Number.parseInt(version, 10) >= OLDEST_POSTGRES) return ok('Postgres', detail);
  return warn('Postgres', detail, `update it to Postgres ${OLDEST_POSTGRES} or newer: nothing older is tested`);
}

/** Warns if a newer build has migrated the database. */
async function migratedFurther(database: Database): Promise<readonly CheckResult[]> {
  const newer = await newerMigrations(await appliedMigrations(database));
  if (newer.length === 0) return [];
  const detail = `a newer build has migrated the database: this one, ${VERSION}, works on without knowing ${newer.join(', ')}`;
  return [warn('migrations', detail, 'update this build to the newest one that works on the database')];
}

/** Warns of unknown fields and notices in venues' answers of the last seven days. No row was lost by them yet. */
async function changedVenues(database: Database): Promise<readonly CheckResult[]> {
  const { rows: tables } = await database.query<{ there: boolean }>("select to_regclass('ledger') is not null as there");
  if (!tables[0].there) return [];
  const { rows } = await database.query<{ change: string }>(
    `select distinct change from ledger, jsonb_array_elements_text(output->'venueChanges') as change
     where finished_at > now() - interval '7 days' and jsonb_typeof(output->'venueChanges') = 'array' order by change limit 20`,
  );
  const action = 'update PredictLab before the venue drops what it reads now; runs go on until then';
  return rows.map(({ change }) => warn('venue change', change, action));
}

/** Warns if a rollback of the configuration was killed before it was complete. */
async function cutOff(database: Database): Promise<readonly CheckResult[]> {
  const { rows } = await database.query<{ there: boolean }>("select to_regclass('watch_state') is not null as there");
  const left = rows[0].there ? await interruptedRollback(database) : undefined;
  if (left === undefined) return [];
  const [detail, action] = describeInterruptedRollback(left).split('; ');
  return [warn('configuration', detail, action)];
}
