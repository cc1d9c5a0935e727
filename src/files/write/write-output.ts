import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { Stats } from 'node:fs';
import { type FileHandle, lstat, open, readdir, readlink, realpath, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { badInput, fileTrouble } from '../../contracts/errors.ts';
import { isGone, OWNER_MARK, ownerMark } from '../../processes/owner-mark.ts';

type Chunks = AsyncIterable<string | Uint8Array> | Iterable<string | Uint8Array>;

/** Codes of errors whose cause only the user can remove: a missing folder, no permission, no space, another file in the way. */
const NEEDS_THE_USER = new Set(
  'EACCES EDQUOT EEXIST EFBIG EISDIR ELOOP ENAMETOOLONG ENOENT ENOSPC ENOTDIR ENXIO EPERM EROFS ETXTBSY'.split(' '),
);

/** Whether an error of the file system lasts until the user fixes its cause. */
export const needsTheUser = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' && NEEDS_THE_USER.has(error.code);

interface WriteOptions {
  /** Permissions of a new file, before the umask. @default 0o666 */
  readonly mode?: number;
  /** Whether to sync the file to disk, so that it survives a power cut. @default true */
  readonly durable?: boolean;
  /** Checks the written file before it gets its final name; if the check throws, the file is removed. Not called for a device or FIFO. */
  readonly check?: (written: string) => Promise<void>;
}

/**
 * Writes a file atomically: into a temporary file in the same folder, renamed at the end with the permissions of the file that it replaces.
 * After an error nothing is left behind. Follows symbolic links; opens a device or FIFO and writes it directly.
 * @returns the number of bytes written
 * @throws PredictLabError BadInput when the folder is missing, there is no space or permission, or a folder has that name; the errors of
 * `chunks`
 */
export async function writeFileAtomically(
  file: string,
  chunks: Chunks,
  { mode = 0o666, durable = true, check }: WriteOptions = {},
): Promise<number> {
  if (file.trim() === '') throw badInput('the name of the file to write is empty; name one');
  const there = await explained(file, () => statOf(file));
  if (there?.isDirectory() === true || /[/\\]$/.test(file)) throw badInput(`${file} cannot be written: it is a folder; name a file in it`);
  if (there?.isFile() === false) return await fill(file, await explained(file, () => open(file, 'w')), chunks, false);
  const target = await explained(file, () => followed(file));
  const partial = partialOf(target);
  const handle = await explained(file, () => open(partial, 'wx', mode));
  try {
    if (there !== undefined) await explained(file, () => handle.chmod(there.mode & 0o7777));
    const bytes = await fill(file, handle, chunks, durable);
    await check?.(partial);
    await explained(file, () => rename(partial, target));
    if (durable) await explained(file, () => syncPath(path.dirname(target)));
    return bytes;
  } catch (error) {
    // the first error is thrown; `removeLeftovers` deletes the file later
    await rm(partial, { force: true }).catch(() => undefined);
    throw error;
  }
}

/** Writes all chunks and always closes the file. */
async function fill(file: string, handle: FileHandle, chunks: Chunks, durable: boolean): Promise<number> {
  let bytes = 0;
  try {
    for await (const chunk of chunks) {
      const data = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
      // `write` might write only a part of the chunk.
      await explained(file, () => handle.appendFile(data));
      bytes += data.byteLength;
    }
    if (durable) await explained(file, () => handle.sync());
  } catch (error) {
    // the first error is thrown
    await handle.close().catch(() => undefined);
    throw error;
  }
  // A network file system may not report before `close` that there is no space.
  await explained(file, () => handle.close());
  return bytes;
}

async function statOf(file: string): Promise<Stats | undefined> {
  return await stat(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}

/** The target of a symbolic link, also when it does not exist yet; the file itself when it is not a link. */
async function followed(file: string): Promise<string> {
  const isLink = await lstat(file).then(
    (info) => info.isSymbolicLink(),
    () => false,
  );
  if (!isLink) return file;
  return await realpath(file).catch(async () => path.resolve(path.dirname(file), await readlink(file)));
}

/** Codes with which a system answers that it cannot open or sync a folder. */
const CANNOT_SYNC = new Set('EACCES EBADF EINVAL EISDIR ENOSYS ENOTSUP EOPNOTSUPP EPERM'.split(' '));

/** Syncs a file's contents or a folder's list of names to disk. Does nothing on systems that cannot. @throws any other error, such as EIO */
export async function syncPath(target: string): Promise<void> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(target, 'r');
    await handle.sync();
  } catch (error) {
    if (!CANNOT_SYNC.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
  } finally {
    await handle?.close();
  }
}

/** Turns errors that the user must fix into one sentence; others are thrown unchanged. */
export async function explained<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!needsTheUser(error)) throw error;
    const { code } = error as NodeJS.ErrnoException;
    const advice = { ENOSPC: 'free some disk space', EDQUOT: 'free some disk space', ENAMETOOLONG: 'give it a shorter name' }[code ?? ''];
    throw badInput(`${file} cannot be written: ${fileTrouble(error)}; ${advice ?? 'check the folder and its permissions'}`, {
      cause: error,
    });
  }
}

/** Writes to standard output no faster than the reader reads. Ends without an error when the reader closes the pipe (`| head`). */
export async function writeToStandardOutput(chunks: Chunks, output: NodeJS.WritableStream = process.stdout): Promise<void> {
  const state: { failure: NodeJS.ErrnoException | undefined } = { failure: undefined };
  const keep = (error: NodeJS.ErrnoException): void => {
    state.failure = error;
  };
  output.on('error', keep);
  try {
    for await (const chunk of chunks) {
      if (state.failure !== undefined) break;
      // `once` rejects with the stream's error.
      if (!output.write(chunk)) await once(output, 'drain');
    }
    // Waits until the last write has ended, because its error arrives later.
    await new Promise((resolve) => output.write('', resolve));
  } catch (error) {
    if (error !== state.failure) throw error;
  } finally {
    output.off('error', keep);
  }
  if (state.failure !== undefined && state.failure.code !== 'EPIPE') throw state.failure;
}

/** Bytes of a file's name that the name of its temporary file contains. The rest takes up to 100 of the 255 bytes allowed. */
const MAX_BASE_BYTES = 150;
const NAME = new RegExp(`^\\..*\\.(${OWNER_MARK})-[0-9a-f]{8}\\.partial$`, 's');

/** The path of a file while it is written: in the same folder, under a name that identifies the process that writes it. */
export function partialOf(target: string): string {
  const base = Buffer.from(path.basename(target)).subarray(0, MAX_BASE_BYTES).toString('utf8').replaceAll('\uFFFD', '');
  return path.join(path.dirname(target), `.${base}.${ownerMark()}-${randomUUID().slice(0, 8)}.partial`);
}

/** Whether a name is that of a file or folder that is still being written or was never finished. */
export const isPartial = (name: string): boolean => NAME.test(name);

/** Removes unfinished files of killed processes from a folder. Keeps those of processes that may be alive, and those it cannot remove. */
export async function removeLeftovers(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const mark = NAME.exec(name)?.[1];
    if (mark === undefined) continue;
    const file = path.join(folder, name);
    const info = await stat(file).catch(() => undefined);
    if (info !== undefined && isGone(mark, Date.now() - info.mtimeMs))
      // a file that cannot be deleted now is deleted with the next output
      await rm(file, { recursive: true, force: true }).catch(() => undefined);
  }
}
