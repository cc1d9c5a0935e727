import { randomUUID } from 'node:crypto';
import { linkSync, lstatSync, lutimesSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isForeign, isRunning, processIdentity } from './process-identity.ts';

const POLL_MS = 25;
/** Age from which a `.breaking` file counts as left by a dead process; removing a dead owner's lock takes only a millisecond. */
const BREAKER_LIFETIME_MS = 5_000;

/** Milliseconds between updates of the lock file's time, which show processes in other containers that the owner is alive. */
const SIGN_OF_LIFE_MS = 2_000;
/** Milliseconds without an update after which an owner in another container counts as dead. */
const SILENCE_MS = 20_000;

/**
 * Runs `work` while holding a lock file. The lock of a dead process is removed at once, that of a process in another container after twenty
 * seconds without an update of the file.
 * @throws Error that names the file and the process that holds it, if the lock is not free within `timeoutMs`
 */
export async function withLockFile<T>(path: string, timeoutMs: number, work: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const lock = holdLock(path);
    if (lock !== undefined) {
      try {
        return await work();
      } finally {
        await lock.close();
      }
    }
    if (Date.now() > deadline) {
      throw new Error(
        `waited ${timeoutMs / 1000} s for ${path}, held by process ${lockOwner(path) ?? '?'}; end that process or wait for it`,
      );
    }
    await sleep(POLL_MS);
  }
}

/** Takes a lock until `close` is called; undefined when another process holds it. */
export function holdLock(path: string): { close(): Promise<void> } | undefined {
  if (!tryLock(path)) return undefined;
  const alive = setInterval(() => touch(path), SIGN_OF_LIFE_MS);
  alive.unref();
  return {
    close: async () => {
      clearInterval(alive);
      unlock(path);
    },
  };
}

/** The pid of the process that holds a lock; undefined when the lock is free. */
export const lockOwner = (path: string): string | undefined => ownerOf(path)?.split(' ')[0];

function touch(path: string): void {
  try {
    const now = new Date();
    lutimesSync(path, now, now);
  } catch {
    // The lock file was removed together with its folder.
  }
}

/** Whether a lock's owner is alive. An owner in another container is judged by the age of the lock file. */
const isAlive = (path: string, owner: string): boolean => isRunning(owner) || (isForeign(owner) && ageOf(path) < SILENCE_MS);

/** Takes the lock if it is free or its owner is dead. @returns whether this process holds it now */
export function tryLock(path: string): boolean {
  if (create(path)) return true;
  const owner = ownerOf(path);
  if (owner === undefined || isAlive(path, owner)) return false;
  // Only one process at a time may remove a dead owner's lock, or else a slow process would remove the lock of the next owner.
  const breaker = `${path}.breaking`;
  if (!create(breaker)) {
    if (ageOf(breaker) > BREAKER_LIFETIME_MS) rmSync(breaker, { force: true });
    return false;
  }
  try {
    const still = ownerOf(path);
    if (still !== undefined && !isAlive(path, still)) rmSync(path, { force: true });
    return create(path);
  } finally {
    rmSync(breaker, { force: true });
  }
}

/** Releases a lock by removing its file. Does nothing if there is no file. */
export function unlock(path: string): void {
  rmSync(path, { force: true });
}

/** Creates the file with its content in one step, so that no process ever reads a partial file. */
function create(path: string): boolean {
  const draft = `${path}.${randomUUID()}`;
  try {
    writeFileSync(draft, processIdentity(process.pid), { flag: 'wx' });
    linkSync(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

function ownerOf(path: string): string | undefined {
  try {
    // A link or a pipe at this path is not a lock file, so it is not followed.
    return lstatSync(path).isFile() ? readFileSync(path, 'utf8') : undefined;
  } catch {
    return undefined;
  }
}

function ageOf(path: string): number {
  try {
    return Date.now() - lstatSync(path).mtimeMs;
  } catch {
    return 0;
  }
}
