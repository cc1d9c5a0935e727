import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { restoreBackup } from '../../storage/backup/restore.ts';
import type { Database } from '../../storage/database/database.ts';
import { databaseUrlOf } from '../../storage/database/database-url.ts';
import { openDatabase } from '../../storage/database/open-database.ts';

/**
 * Restores a backup into a temporary database on the same server and compares each row. Earlier temporary databases of killed attempts are
 * dropped; a lock ensures that no other attempt for this database is running.
 * @returns one sentence with the number of rows
 */
export async function restoreElsewhere(database: Database, file: string): Promise<string> {
  return await database.transaction(async (turn) => {
    await turn.query("select set_config('idle_in_transaction_session_timeout', '0', true)");
    // The hash of the address is needed because folders also get this prefix, and another server may have a database of the same name.
    const prefix = `predictlab_try_${createHash('sha256').update(database.url).digest('hex').slice(0, 8)}_`;
    await turn.query('select pg_advisory_xact_lock(hashtext($1))', [prefix]);
    await removeEarlierTries(database, prefix);
    return await tried(database, file, `${prefix}${randomUUID().slice(0, 8)}`);
  });
}

async function tried(database: Database, file: string, name: string): Promise<string> {
  const reports = path.join(tmpdir(), name);
  try {
    await mkdir(reports, { mode: 0o700 });
    await database.query(`create database ${name}`);
    // A new database has only the schema `public`, whatever search path the role has.
    const scratch = await openDatabase({
      url: databaseUrlOf(database.url, name),
      max: 2,
      applicationName: 'predictlab-restore',
      schema: 'public',
    });
    try {
      const { tables } = await restoreBackup(scratch, file, { reports, replace: false });
      const count = Object.values(tables).reduce((sum, rows) => sum + rows, 0);
      return `${count.toLocaleString('en')} rows restored and compared`;
    } finally {
      await scratch.close();
    }
  } finally {
    await database.query(`drop database if exists ${name} with (force)`);
    await rm(reports, { recursive: true, force: true });
  }
}

async function removeEarlierTries(database: Database, prefix: string): Promise<void> {
  const { rows } = await database.query<{ name: string }>('select datname as name from pg_database where starts_with(datname, $1)', [
    prefix,
  ]);
  for (const { name } of rows) await database.query(`drop database if exists ${name} with (force)`);
  const folders = (await readdir(tmpdir())).filter((name) => name.startsWith(prefix));
  for (const name of folders) await rm(path.join(tmpdir(), name), { recursive: true, force: true });
}
