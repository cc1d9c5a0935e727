import { randomUUID } from 'node:crypto';
import { linkSync, lstatSync, lutimesSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isForeign, isRunning, processIdentity } from './process-identity.ts';

const POLL_MS = 25;
/** Breaking a dead owner's lock takes a millisecond; a `.breaking` file older than this was left by a process that died too. */
const BREAKER_LIFETIME_MS = 5_000;

/** Milliseconds between updates of the lock file's time, which show other containers that the owner is alive. */
const SIGN_OF_LIFE_MS = 2_000;
/** An owner in another container counts as dead after this long without an update. */
const SILENCE_MS = 20_000;

/**
 * Runs `work` while holding a lock file. Breaks the lock of a dead process at once, and that of a process in another container after twenty
 * seconds without a sign of life.
 * @throws Error when the lock is not free within `timeoutMs`; names the file and the process that holds it
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
    // The folder was removed, and the lock with it.
  }
}

/** Whether a lock's owner is alive; an owner in another container is judged by its signs of life. */
const isAlive = (path: string, owner: string): boolean => isRunning(owner) || (isForeign(owner) && ageOf(path) < SILENCE_MS);

/** Takes the lock if it is free or its owner is dead. */
export function tryLock(path: string): boolean {
  if (create(path)) return true;
  const owner = ownerOf(path);
  if (owner === undefined || isAlive(path, owner)) return false;
  // Only one process at a time may remove a dead owner's lock, else a slow one would remove the lock of the next owner.
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

/** Releases a lock; without effect when it is not held. */
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
    // A link or a pipe at this path was not made by us: do not follow it.
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
