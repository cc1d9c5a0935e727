import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { open, readdir, realpath } from 'node:fs/promises';
import path from 'node:path';
import { constants, createGzip } from 'node:zlib';
import { badInput } from '../../contracts/errors.ts';
import type { Json } from '../../contracts/run/pipeline-input.ts';
import { isPartial, removeLeftovers, writeFileAtomically } from '../../files/write/write-output.ts';
import type { Database, Transaction } from '../database/database.ts';
import { appliedMigrations } from '../database/migrate.ts';
import { partitionNames } from '../ticks/partitions.ts';
import { BACKUP_FORMAT, type BackupHead, type BackupTail, encodeFrame, type Frame, PartDigest, sealed } from './backup-format.ts';
import { backupTables, copyOutOf } from './backup-tables.ts';
import { verifyBackup } from './read-backup.ts';

const FRAME_BYTES = 1 << 18;

export interface BackedUp {
  readonly tables: Readonly<Record<string, number>>;
  readonly reports: number;
}

/**
 * Writes all tables and report pages, whole or not at all, into one file, without stopping workers. The tables are those of one instant.
 * The file is read back before it gets its name, unless it is a pipe or a device; leftovers of killed backups are removed.
 *
 * @param options.reports the folder of the report pages
 * @throws PredictLabError `BadInput` when it cannot be written, or reads back differently
 */
export async function writeBackup(database: Database, file: string, { reports }: { reports: string }): Promise<BackedUp> {
  // if the file is a symbolic link, leftovers of killed backups are in the folder of its target
  await removeLeftovers(path.dirname(await realpath(file).catch(() => path.resolve(file))));
  const gzip = createGzip({ level: constants.Z_BEST_SPEED });
  // the reader or writer of the stream reports its errors; without a listener they would end the process
  gzip.on('error', () => undefined);
  const stop = new AbortController();
  const write = async (frame: Frame): Promise<void> => {
    stop.signal.throwIfAborted();
    if (!gzip.write(encodeFrame(frame))) await once(gzip, 'drain', { signal: stop.signal });
  };
  const produced = produce(database, reports, write).then(
    (done) => {
      gzip.end();
      return done;
    },
    (error: unknown) => {
      gzip.destroy(error as Error);
      throw error;
    },
  );
  const check = async (whole: string): Promise<void> => await checkBack(file, { whole, wanted: (await produced).tables });
  const written = writeFileAtomically(file, sealed(gzip), { mode: 0o600, check }).catch((error: unknown) => {
    // writing failed, for example on a full disk: nothing reads the remaining data, so stop producing it
    stop.abort(error);
    gzip.destroy();
    throw error;
  });
  const [backedUp, stored] = await Promise.allSettled([produced, written]);
  if (stored.status === 'rejected') throw stored.reason;
  if (backedUp.status === 'rejected') throw backedUp.reason;
  return backedUp.value;
}

/** Reads the written file back and checks that it contains what was sent. */
async function checkBack(file: string, { whole, wanted }: { whole: string; wanted: BackedUp['tables'] }): Promise<void> {
  const found = await verifyBackup(whole).catch((error: unknown) => {
    throw badInput(`${file} was not kept, it reads back damaged; check the disk and try again`, { cause: error });
  });
  const differing = Object.keys(wanted).filter((table) => wanted[table] !== found[table]);
  if (differing.length === 0) return;
  throw badInput(`${file} was not kept, it lacks rows of ${differing.join(', ')}; check the disk and try again`);
}

type Write = (frame: Frame) => Promise<void>;

async function produce(database: Database, reports: string, write: Write): Promise<BackedUp> {
  const names = (await backupTables(database)).map(({ table }) => table);
  const tables = await database.transaction(async (transaction) => {
    await transaction.query('set transaction isolation level repeatable read, read only');
    await transaction.query(WHOLE_TABLE_SETTINGS);
    // the lock comes before the snapshot: otherwise `prune` could drop a partition that the snapshot needs. It blocks no reader or writer.
    await transaction.query(`lock table ${names.join(', ')} in access share mode`);
    return await writeTables(transaction, write);
  });
  let pages = 0;
  for (const file of await reportFiles(reports)) {
    // undefined if the page was pruned or replaced meanwhile
    const handle = await open(path.join(reports, file)).catch(absent);
    if (handle === undefined) continue;
    await write({ json: { file: file.split(path.sep).join('/') } });
    await writePart(handle.createReadStream() as AsyncIterable<Buffer>, write);
    pages++;
  }
  await write({ json: { end: true } });
  return { tables, reports: pages };
}

function absent(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
}

/** Settings of sessions that copy whole tables: no timeouts, rows in physical order, and times in the same text form on every server. */
export const WHOLE_TABLE_SETTINGS = [
  'set local synchronize_seqscans = off',
  'set local statement_timeout = 0',
  'set local idle_in_transaction_session_timeout = 0',
  "set local timezone = 'UTC'",
  "set local datestyle = 'ISO, YMD'",
].join('; ');

async function writeTables(transaction: Transaction, write: Write): Promise<Record<string, number>> {
  const tables = await backupTables(transaction);
  const head: BackupHead = {
    predictlab: 'backup',
    format: BACKUP_FORMAT,
    migrations: await appliedMigrations(transaction),
    partitions: await partitionNames(transaction),
    tables,
  };
  await write({ json: head as unknown as Json });
  const rows: Record<string, number> = {};
  for (const table of tables) {
    await write({ json: { table: table.table } });
    rows[table.table] = (await writePart(transaction.copyOut(copyOutOf(table)), write)).rows;
  }
  return rows;
}

async function writePart(chunks: AsyncIterable<Buffer>, write: Write): Promise<BackupTail> {
  const digest = new PartDigest();
  let pending: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    digest.add(chunk);
    pending.push(chunk);
    size += chunk.length;
    if (size < FRAME_BYTES) continue;
    await write({ data: Buffer.concat(pending) });
    pending = [];
    size = 0;
  }
  if (size > 0) await write({ data: Buffer.concat(pending) });
  const tail = digest.tail();
  await write({ json: { ...tail } });
  return tail;
}

/** Lists the files to back up. A script that all pages share is backed up once; `restore` puts it back into every folder. */
async function reportFiles(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile() && !isPartial(entry.name) && (entry.parentPath === folder || !isShared(folder, entry.name)))
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .sort();
}

/** A script that the pages of all runs share. */
export const SHARED = /^charts-[0-9a-f]{12}\.js$/;
const isShared = (folder: string, name: string): boolean => SHARED.test(name) && existsSync(path.join(folder, name));
