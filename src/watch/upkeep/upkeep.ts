import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { badInput, fileTrouble, messageOf } from '../../contracts/errors.ts';
import { makeFolder } from '../../processes/home-folder.ts';
import { writeBackup } from '../../storage/backup/backup.ts';
import { PRUNABLE, type PruneBefore, prune } from '../../storage/backup/prune.ts';
import { restoreBackup } from '../../storage/backup/restore.ts';
import type { Database } from '../../storage/database/database.ts';
import { databaseUrlOf } from '../../storage/database/database-url.ts';
import { openDatabase } from '../../storage/database/open-database.ts';
import { verifyData } from '../../storage/verify/verify.ts';
import { pruneLogs, pruneReports } from './prune-files.ts';
import { backupName, rotateBackups, type UpkeepSettings } from './settings.ts';

export interface JobEnd {
  readonly job: 'prune' | 'backup' | 'restore' | 'data';
  readonly ok: boolean;
  /** One sentence: what the job did, or why it failed. */
  readonly said: string;
}

export interface UpkeepRequest {
  readonly database: Database;
  /** The home folder (`PREDICTLAB_HOME`). */
  readonly home: string;
  readonly settings: UpkeepSettings;
  /** UTC epoch milliseconds. */
  readonly now: number;
  /** Whether to restore the backup into a temporary database on the same server, as a test. */
  readonly tryRestore: boolean;
}

/** Number of candle series that are rebuilt from their ticks each time. */
const SAMPLE = 20;

/** Runs the jobs of the upkeep one after another. A job that fails does not stop the others. */
export async function runUpkeep({ database, home, settings, now, tryRestore }: UpkeepRequest): Promise<readonly JobEnd[]> {
  const { ages, keep, backup } = settings;
  const ends: JobEnd[] = [];
  const job = async (name: JobEnd['job'], work: () => Promise<string>): Promise<void> => {
    try {
      ends.push({ job: name, ok: true, said: await work() });
    } catch (error) {
      ends.push({ job: name, ok: false, said: messageOf(error) });
    }
  };
  let written: string | undefined;
  if (backup !== undefined) {
    await job('backup', async () => {
      written = path.join(backup.folder, backupName(now));
      await makeFolder(backup.folder).catch((error: unknown) => {
        throw badInput(`the folder ${backup.folder} cannot be created: ${fileTrouble(error)}`);
      });
      const { tables } = await writeBackup(database, written, { reports: path.join(home, 'reports') });
      const { removed, damaged } = await rotateBackups(backup.folder, { written, keep: backup.rotate });
      const rows = Object.values(tables).reduce((sum, count) => sum + count, 0);
      const uncounted = damaged.length === 0 ? '' : `, damaged and not counted: ${damaged.join(', ')}`;
      return `${rows.toLocaleString('en')} rows in ${written}, ${removed} older removed${uncounted}`;
    });
    const file = written;
    if (tryRestore && file !== undefined && ends.at(-1)?.ok === true) await job('restore', () => restoreElsewhere(database, file));
  }
  await job('prune', async () => {
    const before = Object.fromEntries(
      PRUNABLE.flatMap((what) => (ages[what] === undefined ? [] : [[what, now - ages[what]]])),
    ) as PruneBefore;
    const gone = [
      ...(ages.reports === undefined ? [] : [await pruneReports({ database, home, before: now - ages.reports, keep })]),
      ...(Object.keys(before).length === 0 ? [] : await prune(database, before)),
      ...(ages.logs === undefined ? [] : [await pruneLogs({ home, before: now - ages.logs })]),
    ];
    return gone.map(({ what, rows }) => `${what} ${rows.toLocaleString('en')}`).join(', ') || 'nothing to prune';
  });
  await job('data', async () => {
    const { findings, series } = await verifyData(database, { sample: SAMPLE });
    if (findings.length > 0) throw new Error(`${findings[0]}${findings.length > 1 ? ` and ${findings.length - 1} more` : ''}`);
    return `${series} series of candles agree with their ticks`;
  });
  return ends;
}

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
