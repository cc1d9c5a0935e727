import { copyFile, link } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { badInput, type PredictLabError } from '../../contracts/errors.ts';
import { DAY_MS } from '../../contracts/words.ts';
import { writeFileAtomically } from '../../files/write/write-output.ts';
import { makePrivateFolder } from '../../processes/home-folder.ts';
import type { Database, Transaction } from '../database/database.ts';
import { appliedMigrations, differingMigration } from '../database/migrate.ts';
import { ensurePartitions, holdPartitions, partitionNames } from '../ticks/partitions.ts';
import { SHARED, WHOLE_TABLE_SETTINGS } from './backup.ts';
import type { BackupHead } from './backup-format.ts';
import { type BackupTable, backupTables, columnList, copyOutOf, RowSum } from './backup-tables.ts';
import { readBackup, verifyBackup, writtenByAnotherVersion, writtenByNewerVersion } from './read-backup.ts';

export interface Restored {
  readonly tables: Readonly<Record<string, number>>;
  readonly reports: number;
}

/**
 * Restores a backup that is whole: all tables in one transaction, each read again and compared with the backup, then the report pages. When
 * anything is wrong, the database stays as it was.
 * @param options.replace delete existing data; without it the database must be empty
 * @throws PredictLabError `BadInput`: not a whole backup, written by another version, the database holds data, or is in use
 */
export async function restoreBackup(
  database: Database,
  file: string,
  { reports, replace }: { reports: string; replace: boolean },
): Promise<Restored> {
  // check first: damaged data must not reach the database, not even in a transaction that is rolled back
  await verifyBackup(file);
  const tables: Record<string, number> = {};
  await database.transaction(async (transaction) => {
    await transaction.query(WHOLE_TABLE_SETTINGS);
    const ours = await backupTables(transaction);
    const known = new Map(ours.map((table) => [table.table, table]));
    const loaded = new Map<BackupTable, string>();
    await readBackup(file, {
      head: async (head) => {
        await checkVersions(transaction, file, head);
        await lockTables(transaction, ours);
        await empty(transaction, ours, replace);
        await ensureMonths(transaction, head.partitions);
        for (const { table, columns } of head.tables) {
          const here = known.get(table);
          if (here === undefined || columns.some((column) => !here.columns.includes(column))) throw writtenByAnotherVersion(file);
          known.set(table, { table, columns });
        }
      },
      table: async (name, bytes) => {
        const table = known.get(name) as BackupTable;
        const sum = new RowSum();
        await transaction.copyIn(`copy ${table.table} (${columnList(table)}) from stdin`, summed(bytes, sum));
        loaded.set(table, sum.digest());
        tables[name] = sum.rows;
      },
      // Skips the report files: they are restored after the tables are committed.
      file: async (_, bytes) => {
        for await (const _chunk of bytes);
      },
    });
    for (const [table, sum] of loaded) await compare(transaction, table, sum);
    for (const table of loaded.keys()) await moveSequences(transaction, table);
    // a backup from before migration 0003 has only the newest order book of each instrument, as part of the instrument's facts
    if (tables['order_books'] === undefined)
      await transaction.query(
        `insert into order_books (instrument, at, bid, ask)
         select key, (facts->'book'->>'at')::float8::bigint, (facts->'book'->>'bid')::float8, (facts->'book'->>'ask')::float8
         from instruments where jsonb_typeof(facts->'book') = 'object' and facts->'book'->>'at' is not null`,
      );
  });
  return { tables, reports: await restoreReports(file, reports) };
}

async function* summed(chunks: AsyncIterable<Buffer>, sum: RowSum): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    sum.add(chunk);
    yield chunk;
  }
}

async function restoreReports(file: string, reports: string): Promise<number> {
  let files = 0;
  const folders = new Set<string>();
  const shared: string[] = [];
  await readBackup(file, {
    table: async (_, bytes) => {
      for await (const _chunk of bytes);
    },
    file: async (name, bytes) => {
      const target = path.resolve(reports, name);
      await makePrivateFolder(path.dirname(target));
      await writeFileAtomically(target, bytes, { mode: 0o600 });
      files++;
      if (SHARED.test(name)) shared.push(target);
      else folders.add(path.dirname(target));
    },
  });
  folders.delete(path.resolve(reports));
  for (const folder of folders) for (const script of shared) await placed(script, path.join(folder, path.basename(script)));
  return files;
}

/** Creates a hard link to a file under a second name, or copies the file where the file system has no links. */
async function placed(file: string, target: string): Promise<void> {
  try {
    await link(file, target);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') await copyFile(file, target);
  }
}

async function checkVersions(transaction: Transaction, file: string, { migrations }: BackupHead): Promise<void> {
  if ((await differingMigration(migrations)) !== undefined) throw writtenByAnotherVersion(file);
  const here = (await appliedMigrations(transaction)).map(({ version }) => version);
  if (migrations.some(({ version }) => !here.includes(version))) throw writtenByNewerVersion(file);
}

async function empty(transaction: Transaction, tables: readonly BackupTable[], replace: boolean): Promise<void> {
  if (!replace) {
    for (const { table } of tables) {
      const { rowCount } = await transaction.query(`select from ${table} limit 1`);
      if (rowCount === 0) continue;
      throw badInput(`the database holds data (${table}); restore with --replace to throw it away, or into another PREDICTLAB_HOME`);
    }
  }
  await transaction.query(`truncate ${tables.map(({ table }) => table).join(', ')}`);
}

/** Creates the monthly partitions of a backup. The name of a partition, such as `ticks_2026_11`, states its month. */
async function ensureMonths(transaction: Transaction, partitions: readonly string[]): Promise<void> {
  const known = await partitionNames(transaction);
  const days = partitions
    .filter((name) => !known.includes(name))
    .map((name) => Date.UTC(Number(name.slice(-7, -3)), Number(name.slice(-2)) - 1) / DAY_MS);
  await ensurePartitions(transaction, days);
}

/** Reads a loaded table back and checks that it has the same rows as the backup, in any order. */
async function compare(transaction: Transaction, table: BackupTable, wanted: string): Promise<void> {
  const sum = new RowSum();
  for await (const chunk of transaction.copyOut(copyOutOf(table))) sum.add(chunk);
  if (sum.digest() !== wanted) throw new Error(`${table.table} reads back differently from what the backup holds; nothing was changed`);
}

async function moveSequences(transaction: Transaction, { table, columns }: BackupTable): Promise<void> {
  for (const column of columns) {
    const { rows } = await transaction.query<{ sequence: string | null }>('select pg_get_serial_sequence($1, $2) as sequence', [
      table,
      column,
    ]);
    const { sequence } = rows[0];
    if (sequence !== null) await transaction.query(`select setval('${sequence}', greatest(1, (select max("${column}") from ${table})))`);
  }
}

/** Time limit of one attempt to lock: longer than Postgres takes to cancel a blocking autovacuum (deadlock_timeout, one second). */
const ONE_TRY_MS = 2_000;
const TRIES = 8;
const WORKER = 'predictlab-worker';

/**
 * Locks all tables for this transaction alone. Waits only briefly while it holds some, since a transaction that locks in another order
 * would wait for this one in turn.
 * @throws PredictLabError `BadInput` when workers are connected (their instrument keys would mean other instruments), or other sessions do
 *   not release their locks
 */
export async function lockTables(transaction: Transaction, tables: readonly BackupTable[]): Promise<void> {
  const others = await otherSessions(transaction);
  const workers = others.filter((name) => name === WORKER).length;
  if (workers > 0) throw inUse(`${workers === 1 ? 'a connection' : `${workers} connections`} of workers`);
  await holdPartitions(transaction);
  await transaction.query(`set local lock_timeout = ${ONE_TRY_MS}`);
  for (let tried = 1; !(await tryLockTables(transaction, tables)); tried++) {
    if (tried === TRIES) throw inUse((await otherSessions(transaction)).join(', ') || 'another session');
    await sleep(50 * tried);
  }
  await transaction.query('set local lock_timeout = 0');
}

async function tryLockTables(transaction: Transaction, tables: readonly BackupTable[]): Promise<boolean> {
  await transaction.query('savepoint unlocked');
  try {
    await transaction.query(`lock table ${tables.map(({ table }) => table).join(', ')} in access exclusive mode`);
    return true;
  } catch (error) {
    if (!isBusy(error)) throw error;
    await transaction.query('rollback to savepoint unlocked');
    return false;
  }
}

/** Whether an error means that a lock was not available in time, or a deadlock. */
function isBusy(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && 'code' in cause && (cause.code === '55P03' || cause.code === '40P01');
}

/** Application names of the other sessions of this database. */
async function otherSessions(transaction: Transaction): Promise<readonly string[]> {
  const { rows } = await transaction.query<{ name: string }>(
    `select application_name as name from pg_stat_activity
     where datname = current_database() and pid <> pg_backend_pid() and application_name <> '' order by 1`,
  );
  return rows.map(({ name }) => name);
}

const inUse = (who: string): PredictLabError =>
  badInput(`the database is in use (${who}): stop the workers, then restore, then start them again`);
