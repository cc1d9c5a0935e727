import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { messageOf, PredictLabError } from '../../contracts/errors.ts';
import { BACKUP_FORMAT, type BackupHead, type BackupTail, PartDigest } from './backup.ts';
import { decodeFrames, type Frame } from './backup-frames.ts';

/** What a reader does with the parts of a backup; each gets the bytes and must read them to their end. */
export interface BackupReader {
  head?(head: BackupHead): Promise<void>;
  table(name: string, bytes: AsyncIterable<Buffer>): Promise<void>;
  file(name: string, bytes: AsyncIterable<Buffer>): Promise<void>;
  /** After a part, when its counts and hash have been found right. */
  done?(name: string, tail: BackupTail): void;
}

/**
 * Reads a backup from beginning to end, checking every part against what was noted when it was written.
 *
 * @throws PredictLabError `BadInput` when the file is no backup, cut off or damaged, or made by a newer PredictLab
 */
export async function readBackup(file: string, reader: BackupReader): Promise<BackupHead> {
  const gunzip = createGunzip();
  const source = createReadStream(file);
  source.on('error', (error) => gunzip.destroy(error));
  const frames = decodeFrames(source.pipe(gunzip) as AsyncIterable<Buffer>);
  const next = async (): Promise<Frame> => {
    const step = await frames.next().catch((error: unknown) => {
      throw bad(file, messageOf(error));
    });
    if (step.done) throw bad(file, 'it ends too early');
    return step.value;
  };
  try {
    const head = headOf(file, await next());
    await reader.head?.(head);
    for (;;) {
      const frame = await next();
      const part = ('json' in frame ? frame.json : {}) as { table?: string; file?: string; end?: boolean };
      if (part.end === true) return head;
      const name = part.table ?? part.file;
      if (name === undefined) throw bad(file, 'it holds something that this version does not know');
      const digest = new PartDigest();
      const tail = { value: undefined as BackupTail | undefined };
      const bytes = partBytes(next, digest, tail);
      if (part.table !== undefined) await reader.table(name, bytes);
      else await reader.file(name, bytes);
      const found = digest.tail();
      if (tail.value === undefined || tail.value.sha256 !== found.sha256) throw bad(file, `${name} is not what was written`);
      reader.done?.(name, found);
    }
  } finally {
    source.destroy();
    gunzip.destroy();
  }
}

async function* partBytes(next: () => Promise<Frame>, digest: PartDigest, tail: { value: BackupTail | undefined }): AsyncGenerator<Buffer> {
  for (;;) {
    const frame = await next();
    if ('json' in frame) {
      tail.value = frame.json as unknown as BackupTail;
      return;
    }
    digest.add(frame.data);
    yield frame.data;
  }
}

function headOf(file: string, frame: Frame): BackupHead {
  const head = ('json' in frame ? frame.json : {}) as unknown as BackupHead;
  if (head.predictlab !== 'backup') throw bad(file, 'it is something else');
  if (head.format > BACKUP_FORMAT) throw bad(file, 'it was made by a newer version; update PredictLab first');
  return head;
}

/** A backup that cannot be restored, with what is wrong with it. */
export const bad = (file: string, why: string): PredictLabError =>
  new PredictLabError('BadInput', `${file} is not a whole PredictLab backup: ${why}; take another copy`);

/** Reads a backup to its end and keeps nothing: is it whole? @returns rows of each table */
export async function verifyBackup(file: string): Promise<Readonly<Record<string, number>>> {
  const rows: Record<string, number> = {};
  const drain = async (_: string, bytes: AsyncIterable<Buffer>): Promise<void> => {
    for await (const _chunk of bytes);
  };
  await readBackup(file, { table: drain, file: drain, done: (name, tail) => (rows[name] = tail.rows) });
  return rows;
}
