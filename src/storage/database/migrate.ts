import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Database, Queryable } from './database.ts';

/** Any number; the same in every process, so that only one of them migrates at a time. */
const MIGRATION_LOCK = 7_305_310_001;

/** Numbers under which databases have applied a migration that has another one in the meantime; never to be removed. */
const RENUMBERED: ReadonlyMap<number, number> = new Map([
  [900, 7],
  [901, 8],
  [902, 9],
]);

/** The numbers of today for those that were noted when they were applied (in a database, in a backup), ascending. */
export const currentVersions = (noted: readonly number[]): readonly number[] =>
  noted.map((version) => RENUMBERED.get(version) ?? version).sort((a, b) => a - b);

export interface Migration {
  readonly version: number;
  readonly name: string;
  readonly sql: string;
}

/** The numbered SQL files, in order: `0001-tables.sql` is version 1. */
export async function readMigrations(): Promise<readonly Migration[]> {
  const folder = migrationsFolder();
  const files = (await readdir(folder)).filter((file) => /^\d{4}-.*\.sql$/.test(file)).sort();
  return await Promise.all(
    files.map(async (name) => ({ version: Number(name.slice(0, 4)), name, sql: await readFile(join(folder, name), 'utf8') })),
  );
}

/**
 * Brings the database up to the newest version. Safe when several processes start at once: they queue at an advisory lock,
 * and the first has done the work when the others get it. All or nothing: one transaction.
 *
 * @returns the versions that were applied now
 */
export async function migrate(database: Database): Promise<readonly number[]> {
  const migrations = await readMigrations();
  if (pendingOf(migrations, await appliedVersions(database)).length === 0) return [];
  return await database.transaction(async (transaction) => {
    await transaction.query("set local lock_timeout = '2min'");
    await transaction.query("set local statement_timeout = '10min'");
    await transaction.query('select pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
    await transaction.query(
      'create table if not exists schema_migrations (version integer primary key, name text not null, applied_at timestamptz not null default now())',
    );
    const pending = pendingOf(migrations, await appliedVersions(transaction));
    for (const { version, name, sql } of pending) {
      await transaction.query(sql);
      await transaction.query('insert into schema_migrations (version, name) values ($1, $2)', [version, name]);
    }
    return pending.map(({ version }) => version);
  });
}

/** The versions a database has, by the numbers of today; none for an empty one. */
export async function appliedVersions(queryable: Queryable): Promise<readonly number[]> {
  const { rows: known } = await queryable.query<{ known: boolean }>("select to_regclass('schema_migrations') is not null as known");
  if (!known[0].known) return [];
  const { rows } = await queryable.query<{ version: number }>('select version from schema_migrations');
  return currentVersions(rows.map(({ version }) => version));
}

/**
 * The names of migrations that a newer build has applied and this one does not have, in order. They only add: this build works on, and
 * knows nothing of what they are for.
 */
export async function newerMigrations(queryable: Queryable): Promise<readonly string[]> {
  const applied = await appliedVersions(queryable);
  const own = new Set((await readMigrations()).map(({ version }) => version));
  const newer = applied.filter((version) => !own.has(version));
  if (newer.length === 0) return [];
  const { rows } = await queryable.query<{ name: string }>(
    'select name from schema_migrations where version = any($1::int[]) order by version',
    [newer],
  );
  return rows.map(({ name }) => name);
}

const pendingOf = (migrations: readonly Migration[], applied: readonly number[]): readonly Migration[] =>
  migrations.filter(({ version }) => !applied.includes(version));

/** Beside this module, or, when the compiler's output lacks them, in the sources of the same package. */
function migrationsFolder(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  const beside = join(here, 'migrations');
  if (existsSync(beside)) return beside;
  for (let folder = here; dirname(folder) !== folder; folder = dirname(folder)) {
    const sources = join(folder, 'src', 'storage', 'database', 'migrations');
    if (existsSync(sources)) return sources;
  }
  throw new Error(`no migrations found at ${beside} or in the package's src/storage/database/migrations; run npm run build`);
}
