import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { badInput } from '../../contracts/errors.ts';
import { VERSION } from '../../version.ts';
import type { Database, Queryable } from './database.ts';
import { addressOf } from './database-url.ts';

/** Key of the advisory lock that lets one process migrate at a time; arbitrary, but the same in every process. */
const MIGRATION_LOCK = 7_305_310_001;

export interface AppliedMigration {
  readonly version: number;
  readonly name: string;
  /** SHA-256 of its SQL, hexadecimal; null where it was recorded by PredictLab 0.1. */
  readonly sha256: string | null;
}

interface Migration extends AppliedMigration {
  readonly sha256: string;
  readonly sql: string;
}

/** The numbered SQL files, in order: `0001-tables.sql` is version 1. */
export async function readMigrations(): Promise<readonly Migration[]> {
  const folder = migrationsFolder();
  const files = (await readdir(folder)).filter((file) => /^\d{4}-.*\.sql$/.test(file)).sort();
  return await Promise.all(
    files.map(async (name) => {
      const sql = await readFile(join(folder, name), 'utf8');
      return { version: Number(name.slice(0, 4)), name, sha256: createHash('sha256').update(sql).digest('hex'), sql };
    }),
  );
}

/**
 * Applies the missing migrations in one transaction, one process at a time; returns their versions.
 * @throws PredictLabError `BadInput` when the database has migrations of another history; nothing is changed
 */
export async function migrate(database: Database): Promise<readonly number[]> {
  const migrations = await readMigrations();
  if (pendingOf(migrations, await checkOrigin(database, database.url)).length === 0) return [];
  return await database.transaction(async (transaction) => {
    await transaction.query("set local lock_timeout = '2min'");
    await transaction.query("set local statement_timeout = '10min'");
    await transaction.query('select pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
    await transaction.query(
      'create table if not exists schema_migrations (version integer primary key, name text not null, sha256 text not null, applied_at timestamptz not null default now())',
    );
    const pending = pendingOf(migrations, await checkOrigin(transaction, database.url));
    for (const { version, name, sha256, sql } of pending) {
      await transaction.query(sql);
      await transaction.query('insert into schema_migrations (version, name, sha256) values ($1, $2, $3)', [version, name, sha256]);
    }
    return pending.map(({ version }) => version);
  });
}

/** The migrations that a database has, in order; none for an empty one. */
export async function appliedMigrations(queryable: Queryable): Promise<readonly AppliedMigration[]> {
  const { rows: known } = await queryable.query<{ known: boolean }>("select to_regclass('schema_migrations') is not null as known");
  if (known.length === 0 || !known[0].known) return [];
  // read through JSON, because the table of PredictLab 0.1 lacks the column sha256
  const { rows } = await queryable.query<AppliedMigration>(
    `select version, name, to_jsonb(m)->>'sha256' as sha256 from schema_migrations m order by version`,
  );
  return rows;
}

/**
 * Returns the migrations of a database after checking that they are this build's, apart from those that a newer build added.
 * @throws PredictLabError `BadInput` when they are not
 */
export async function checkOrigin(queryable: Queryable, url: string): Promise<readonly AppliedMigration[]> {
  const applied = await appliedMigrations(queryable);
  const other = await differingMigration(applied);
  if (other === undefined) return applied;
  throw badInput(
    `the database at ${addressOf(url)} was made by another version of PredictLab (its ${other.name} is not that of ${VERSION}) and was not touched; ` +
      'name a new database (DATABASE_URL, or another PREDICTLAB_HOME), and move the data with `predictlab export` of that version and `predictlab import` of this one: ' +
      'a backup can only be restored by the version that wrote it',
  );
}

/** The first applied migration that this build has in another form; undefined when there is none. */
export async function differingMigration(applied: readonly AppliedMigration[]): Promise<AppliedMigration | undefined> {
  const own = new Map((await readMigrations()).map((migration) => [migration.version, migration]));
  return applied.find(({ version, name, sha256 }) => {
    const ours = own.get(version);
    return sha256 === null || (ours !== undefined && (ours.name !== name || ours.sha256 !== sha256));
  });
}

/** Names of the migrations that a newer build added. Migrations only add, so this build works on such a database. */
export async function newerMigrations(applied: readonly AppliedMigration[]): Promise<readonly string[]> {
  const own = new Set((await readMigrations()).map(({ version }) => version));
  return applied.filter(({ version }) => !own.has(version)).map(({ name }) => name);
}

const pendingOf = (migrations: readonly Migration[], applied: readonly AppliedMigration[]): readonly Migration[] =>
  migrations.filter(({ version }) => !applied.some((known) => known.version === version));

/** The folder of the migrations: next to this module, or in the sources of the same package when the compiler's output lacks them. */
function migrationsFolder(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  const nextTo = join(here, 'migrations');
  if (existsSync(nextTo)) return nextTo;
  for (let folder = here; dirname(folder) !== folder; folder = dirname(folder)) {
    const sources = join(folder, 'src', 'storage', 'database', 'migrations');
    if (existsSync(sources)) return sources;
  }
  throw new Error(`no migrations found at ${nextTo} or in the package's src/storage/database/migrations; run npm run build`);
}

/** Eight characters that identify a database, whatever its address; undefined where the server does not allow reading them. */
export async function databaseMark(queryable: Queryable): Promise<string | undefined> {
  const { rows } = await queryable
    .query<{ identity: string }>(
      `select (select system_identifier from pg_control_system())::text || ' ' || oid::text as identity from pg_database where datname = current_database()`,
    )
    .catch(() => ({ rows: [] }));
  return rows.length === 0 ? undefined : createHash('sha256').update(rows[0].identity).digest('hex').slice(0, 8);
}
