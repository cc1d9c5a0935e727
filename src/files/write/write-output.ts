import { once } from 'node:events';
import type { Stats } from 'node:fs';
import { type FileHandle, lstat, open, readlink, realpath, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { PredictLabError } from '../../contracts/errors.ts';
import { fileTrouble } from '../../contracts/file-trouble.ts';
import { partialOf } from './partial-file.ts';

type Chunks = AsyncIterable<string | Uint8Array> | Iterable<string | Uint8Array>;

/** What does not mend itself: no such folder, no permission, no room, something else in the way. */
const NEEDS_THE_USER = new Set([
  'EACCES',
  'EDQUOT',
  'EEXIST',
  'EFBIG',
  'EISDIR',
  'ELOOP',
  'ENAMETOOLONG',
  'ENOENT',
  'ENOSPC',
  'ENOTDIR',
  'ENXIO',
  'EPERM',
  'EROFS',
  'ETXTBSY',
]);

/** Whether an error of the file system stays until its user does something about it. */
export const needsTheUser = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' && NEEDS_THE_USER.has(error.code);

export interface WriteOptions {
  /** Permissions of a file that is not there yet, before the umask. @default 0o666 */
  readonly mode?: number;
  /** Wait until the disk has it, so that it outlives a power cut. @default true */
  readonly durable?: boolean;
  /** Looks at what was written before it gets its name; when it throws there is no file. Not asked of a device or FIFO. */
  readonly check?: (written: string) => Promise<void>;
}

/**
 * Writes a file that is whole or not there: to a neighbour first, renamed at the end. What was there before stays until then, and its
 * permissions stay for good; when something goes wrong nothing is left behind. A symbolic link is followed. What is no regular file (a
 * device, a FIFO) is opened and written as it is.
 *
 * @returns how many bytes were written
 * @throws PredictLabError BadInput when there is no such folder, no room, no permission, or a folder of that name; whatever `chunks` throws
 */
export async function writeFileAtomically(
  file: string,
  chunks: Chunks,
  { mode = 0o666, durable = true, check }: WriteOptions = {},
): Promise<number> {
  if (file.trim() === '') throw new PredictLabError('BadInput', 'the name of the file to write is empty; name one');
  const there = await explained(file, () => statOf(file));
  if (there?.isDirectory() === true || /[/\\]$/.test(file))
    throw new PredictLabError('BadInput', `${file} cannot be written: it is a folder; name a file in it`);
  if (there?.isFile() === false) return await fill(file, await explained(file, () => open(file, 'w')), chunks, false);
  const target = await explained(file, () => followed(file));
  const partial = partialOf(target);
  const handle = await explained(file, () => open(partial, 'wx', mode));
  try {
    if (there !== undefined) await explained(file, () => handle.chmod(there.mode & 0o7777));
    const bytes = await fill(file, handle, chunks, durable);
    await check?.(partial);
    await explained(file, () => rename(partial, target));
    if (durable) await syncFolder(path.dirname(target));
    return bytes;
  } catch (error) {
    await rm(partial, { force: true }).catch(() => undefined);
    throw error;
  }
}

/** Writes all chunks and closes, on every path. */
async function fill(file: string, handle: FileHandle, chunks: Chunks, durable: boolean): Promise<number> {
  let bytes = 0;
  try {
    for await (const chunk of chunks) {
      const data = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
      // a plain write may take only a part of the chunk
      await explained(file, () => handle.appendFile(data));
      bytes += data.byteLength;
    }
    if (durable) await explained(file, () => handle.sync());
  } catch (error) {
    await handle.close().catch(() => undefined);
    throw error;
  }
  // a network file system tells only here that there was no room
  await explained(file, () => handle.close());
  return bytes;
}

async function statOf(file: string): Promise<Stats | undefined> {
  return await stat(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}

/** Where a symbolic link leads, also when nothing is there yet; the file itself when it is none. */
async function followed(file: string): Promise<string> {
  const isLink = await lstat(file).then(
    (info) => info.isSymbolicLink(),
    () => false,
  );
  if (!isLink) return file;
  return await realpath(file).catch(async () => path.resolve(path.dirname(file), await readlink(file)));
}

/** The rename itself has to reach the disk. Not every system can sync a folder. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  if (handle === undefined) return;
  await handle.sync().catch(() => undefined);
  await handle.close();
}

/** Failures of the file system in one sentence; those that may pass stay what they are. */
async function explained<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!needsTheUser(error)) throw error;
    const { code } = error as NodeJS.ErrnoException;
    const room = code === 'ENOSPC' || code === 'EDQUOT';
    throw new PredictLabError(
      'BadInput',
      `${file} cannot be written: ${fileTrouble(error)}; ${room ? 'free some disk space' : 'check the folder and its permissions'}`,
      { cause: error },
    );
  }
}

/** Writes to standard output no faster than it is read. Ends quietly when the reader has enough (`| head`). */
export async function writeToStandardOutput(chunks: Chunks, output: NodeJS.WritableStream = process.stdout): Promise<void> {
  const state: { failure: NodeJS.ErrnoException | undefined } = { failure: undefined };
  const keep = (error: NodeJS.ErrnoException): void => {
    state.failure = error;
  };
  output.on('error', keep);
  try {
    for await (const chunk of chunks) {
      if (state.failure !== undefined) break;
      // rejects with the stream's error
      if (!output.write(chunk)) await once(output, 'drain');
    }
    // an error of the last write arrives after it
    await new Promise((resolve) => output.write('', resolve));
  } catch (error) {
    if (error !== state.failure) throw error;
  } finally {
    output.off('error', keep);
  }
  if (state.failure !== undefined && state.failure.code !== 'EPIPE') throw state.failure;
}
