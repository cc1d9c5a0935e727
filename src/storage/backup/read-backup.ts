import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { badInput, messageOf, type PredictLabError } from '../../contracts/errors.ts';
import { VERSION } from '../../version.ts';
import {
  BACKUP_FORMAT,
  type BackupHead,
  type BackupTail,
  decodeFrames,
  type Frame,
  hasValidSeal,
  headOf,
  isWholeHead,
  PartDigest,
  partStartOf,
  tailOf,
} from './backup-format.ts';

/** Callbacks for the parts of a backup. `table` and `file` get the bytes of a part and must read them to the end. */
export interface BackupReader {
  head?(head: BackupHead): Promise<void>;
  table(name: string, bytes: AsyncIterable<Buffer>): Promise<void>;
  file(name: string, bytes: AsyncIterable<Buffer>): Promise<void>;
  /** Called after each table whose counts and hash match. */
  done?(table: string, tail: BackupTail): void;
}

/**
 * Reads a whole backup and checks every part against the counts and hash that were written with it.
 * @throws PredictLabError `BadInput` when the file is not a backup, is cut off or damaged, or was written by another version of PredictLab
 */
export async function readBackup(file: string, reader: BackupReader): Promise<BackupHead> {
  const gunzip = createGunzip();
  const source = createReadStream(file);
  source.on('error', (error) => gunzip.destroy(error));
  const frames = decodeFrames(source.pipe(gunzip) as AsyncIterable<Buffer>);
  const step = async (): Promise<IteratorResult<Frame>> =>
    await frames.next().catch((error: unknown) => {
      throw bad(file, messageOf(error));
    });
  const next = async (): Promise<Frame> => {
    const { done, value } = await step();
    if (done === true) throw bad(file, 'it ends too early');
    return value;
  };
  try {
    const head = checkedHead(file, await next());
    await reader.head?.(head);
    const seen = new Set<string>();
    for (;;) {
      const part = partStartOf(jsonOf(await next()));
      if (part === undefined) throw bad(file, 'it holds something that this version does not know');
      // reading to the end of the file also checks gzip's checksum, which comes last
      if ('end' in part && (await step()).done !== true) throw bad(file, 'it goes on after its end');
      if ('end' in part) return head;
      const name = 'table' in part ? part.table : part.file;
      if ('table' in part && !head.tables.some(({ table }) => table === name)) throw bad(file, `its head does not name ${name}`);
      const id = JSON.stringify(part);
      if (seen.has(id)) throw bad(file, `it holds ${name} twice`);
      seen.add(id);
      const digest = new PartDigest();
      const tail = { value: undefined as BackupTail | undefined };
      const bytes = partBytes(next, digest, tail);
      if ('table' in part) await reader.table(name, bytes);
      else await reader.file(name, bytes);
      const found = digest.tail();
      const noted = tail.value;
      if (noted?.sha256 !== found.sha256 || noted.rows !== found.rows || noted.bytes !== found.bytes)
        throw bad(file, `${name} is not what was written`);
      if ('table' in part) reader.done?.(name, found);
    }
  } finally {
    source.destroy();
    gunzip.destroy();
  }
}

const jsonOf = (frame: Frame): unknown => ('json' in frame ? frame.json : undefined);

async function* partBytes(next: () => Promise<Frame>, digest: PartDigest, tail: { value: BackupTail | undefined }): AsyncGenerator<Buffer> {
  for (;;) {
    const frame = await next();
    if ('json' in frame) {
      tail.value = tailOf(frame.json);
      return;
    }
    digest.add(frame.data);
    yield frame.data;
  }
}

function checkedHead(file: string, frame: Frame): BackupHead {
  const head = headOf(jsonOf(frame));
  if (head === undefined) throw bad(file, 'it is something else');
  if (head.format > BACKUP_FORMAT) throw writtenByNewerVersion(file);
  if (head.format < BACKUP_FORMAT) throw writtenByAnotherVersion(file);
  if (!isWholeHead(head)) throw bad(file, 'its head is damaged');
  return head;
}

/** The error for a backup of a newer version of PredictLab. */
export const writtenByNewerVersion = (file: string): PredictLabError =>
  badInput(`${file} was written by a newer version of PredictLab; update this one (${VERSION}) first`);

/** The error for a backup with tables that this version of PredictLab does not know. */
export const writtenByAnotherVersion = (file: string): PredictLabError =>
  badInput(
    `${file} was written by another version of PredictLab, whose tables are not those of ${VERSION}; restore it with that version, and move the data with \`predictlab export\` there and \`predictlab import\` here`,
  );

/** The error for a damaged backup, with the reason. */
export const bad = (file: string, why: string): PredictLabError =>
  badInput(`${file} is not a whole PredictLab backup: ${why}; take another copy`);

/** Reads a backup to its end; returns the number of rows of each table. @throws PredictLabError `BadInput` when it is not whole */
export async function verifyBackup(file: string): Promise<Readonly<Record<string, number>>> {
  const rows: Record<string, number> = {};
  const drain = async (_: string, bytes: AsyncIterable<Buffer>): Promise<void> => {
    for await (const _chunk of bytes);
  };
  const { tables } = await readBackup(file, { table: drain, file: drain, done: (name, tail) => (rows[name] = tail.rows) });
  const missing = tables.find(({ table }) => rows[table] === undefined);
  if (missing !== undefined) throw bad(file, `${missing.table} is missing`);
  if (!(await hasValidSeal(file))) throw bad(file, 'its seal is not that of its bytes');
  return rows;
}

/** Whether a file is a backup that was wholly written and has not changed since, by its seal. */
export const isWholeBackup = (file: string): Promise<boolean> => hasValidSeal(file).catch(() => false);
