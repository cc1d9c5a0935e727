import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { freemem } from 'node:os';
import path from 'node:path';
import { isForeign, isRunning, processIdentity } from '../../src/processes/process-identity.ts';

const MOUNT = '/dev/shm';
const PREFIX = 'predictlab-tests-';
/** Bytes that must be free on the mount and in memory: several times what a test run uses. */
const PLENTY = 8 * 1024 ** 3;

/**
 * Moves the folder for temporary files into memory when there is enough of it: each test file has its own database, which is thousands
 * of small files, and on a disk a quarter of Postgres' CPU goes into creating and removing them.
 * @returns what removes the folder again
 */
export function useMemoryFolder(): () => void {
  if (!isRoomy()) return () => undefined;
  for (const name of readdirSync(MOUNT)) if (name.startsWith(PREFIX)) removeAbandoned(path.join(MOUNT, name));
  const folder = mkdtempSync(path.join(MOUNT, PREFIX));
  // Postgres refuses to run as root, so another user must be able to write here
  chmodSync(folder, 0o1777);
  writeFileSync(ownerOf(folder), processIdentity(process.pid));
  const before = process.env.TMPDIR;
  process.env.TMPDIR = folder;
  return () => {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
    rmSync(folder, { recursive: true, force: true });
  };
}

const ownerOf = (folder: string): string => path.join(folder, 'owner');

/** Removes the folder of a test run that was killed: it would keep its memory. */
function removeAbandoned(folder: string): void {
  try {
    const owner = readFileSync(ownerOf(folder), 'utf8');
    if (!isRunning(owner) && !isForeign(owner)) rmSync(folder, { recursive: true, force: true });
  } catch {
    // it was just created or removed
  }
}

function isRoomy(): boolean {
  try {
    const mounts = readFileSync('/proc/mounts', 'utf8').split('\n');
    const options = mounts
      .map((line) => line.split(' '))
      .find(([, at]) => at === MOUNT)?.[3]
      .split(',') ?? ['noexec'];
    // tests also start programs from there
    if (options.includes('noexec') || options.includes('ro')) return false;
    const { bavail, bsize } = statfsSync(MOUNT);
    return bavail * bsize > PLENTY && freemem() > PLENTY;
  } catch {
    // this system has no such folders
    return false;
  }
}
