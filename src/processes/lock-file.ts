import { linkSync, readFileSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isRunning, processIdentity } from './process-identity.ts';

const POLL_MS = 25;
/** Breaking a dead owner's lock takes a millisecond; a breaker that is older than this died too. */
const BREAKER_LIFETIME_MS = 5_000;

let count = 0;

/**
 * Runs `work` while no other process does so under the same lock file. Waits for its turn; the lock of a process that died is broken.
 *
 * @throws Error when the turn does not come within `timeoutMs`; names the file and the process that has it
 */
export async function withLockFile<T>(path: string, timeoutMs: number, work: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  while (!tryLock(path)) {
    if (Date.now() > deadline) {
      throw new Error(
        `waited ${timeoutMs / 1000} s for ${path}, held by process ${ownerOf(path)?.split(' ')[0] ?? '?'}; end that process or wait for it`,
      );
    }
    await sleep(POLL_MS);
  }
  try {
    return await work();
  } finally {
    unlock(path);
  }
}

/** Takes the lock if it is free or its owner is dead. */
export function tryLock(path: string): boolean {
  if (create(path)) return true;
  const owner = ownerOf(path);
  if (owner === undefined || isRunning(owner)) return false;
  // Only one process at a time may remove a dead owner's lock, else a slow one would remove the lock of the next owner.
  const breaker = `${path}.breaking`;
  if (!create(breaker)) {
    if (ageOf(breaker) > BREAKER_LIFETIME_MS) rmSync(breaker, { force: true });
    return false;
  }
  try {
    const still = ownerOf(path);
    if (still !== undefined && !isRunning(still)) rmSync(path, { force: true });
    return create(path);
  } finally {
    rmSync(breaker, { force: true });
  }
}

/** Gives a lock back; without effect when it is not held. */
export function unlock(path: string): void {
  rmSync(path, { force: true });
}

/** Creates the file with its content in one step: nobody ever sees it half-written. */
function create(path: string): boolean {
  const draft = `${path}.${process.pid}-${count++}`;
  writeFileSync(draft, processIdentity(process.pid));
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    unlinkSync(draft);
  }
}

function ownerOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function ageOf(path: string): number {
  try {
    return Date.now() - statSync(path).mtimeMs;
  } catch {
    return 0;
  }
}
