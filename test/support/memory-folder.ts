import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { freemem } from 'node:os';
import path from 'node:path';
import { isForeign, isRunning, processIdentity } from '../../src/processes/process-identity.ts';

const MOUNT = '/dev/shm';
const PREFIX = 'predictlab-tests-';
/** What must be free, there and of the memory: several times what a run fills. Bytes. */
const PLENTY = 8 * 1024 ** 3;

/**
 * Makes the folder for temporary files one in memory, where there is plenty of it: a database of its own for each test file is
 * thousands of small files, made and removed, and on a disk a quarter of Postgres' CPU goes into that.
 * @returns what removes the folder again
 */
export function useMemoryFolder(): () => void {
  if (!isRoomy()) return () => undefined;
  for (const name of readdirSync(MOUNT)) if (name.startsWith(PREFIX)) removeAbandoned(path.join(MOUNT, name));
  const folder = mkdtempSync(path.join(MOUNT, PREFIX));
  // as every such folder: Postgres refuses to run as root, and then belongs to another user
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

/** Memory is not given back by a run that was killed. */
function removeAbandoned(folder: string): void {
  try {
    const owner = readFileSync(ownerOf(folder), 'utf8');
    if (!isRunning(owner) && !isForeign(owner)) rmSync(folder, { recursive: true, force: true });
  } catch {
    // it has just been made, or removed
  }
}

function isRoomy(): boolean {
  try {
    const mounts = readFileSync('/proc/mounts', 'utf8').split('\n');
    const options = mounts
      .map((line) => line.split(' '))
      .find(([, at]) => at === MOUNT)?.[3]
      .split(',') ?? ['noexec'];
    // tests start programs from there as well
    if (options.includes('noexec') || options.includes('ro')) return false;
    const { bavail, bsize } = statfsSync(MOUNT);
    return bavail * bsize > PLENTY && freemem() > PLENTY;
  } catch {
    // there are no such folders on this system
    return false;
  }
}
