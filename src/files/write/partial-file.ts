import { createHash, randomUUID } from 'node:crypto';
import { readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { isRunning, processIdentity } from '../../processes/process-identity.ts';

/** So long nothing was written to the file of a process that we cannot see (another container's, another machine's): it is dead. */
const SILENCE_MS = 86_400_000;
/** Of the name's longest 255 bytes, those of the owner and the ending take up to 100. */
const LONGEST_BASE_BYTES = 150;
const NAME = /^\..*\.(\d+)-(\d*)-([0-9a-f]{8})-[0-9a-f]{8}\.partial$/s;

/** Where a file lies until it is whole: beside it, under a name that says which process writes it. */
export function partialOf(target: string): string {
  const { pid, started, place } = ownName();
  const base = Buffer.from(path.basename(target)).subarray(0, LONGEST_BASE_BYTES).toString('utf8').replaceAll('\uFFFD', '');
  return path.join(path.dirname(target), `.${base}.${pid}-${started}-${place}-${randomUUID().slice(0, 8)}.partial`);
}

/**
 * Removes what processes that were killed while they wrote have left in a folder. Files of those that may live stay, and so does whatever
 * cannot be read or removed: it is in nobody's way.
 */
export async function removeLeftovers(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const [, pid, started, place] = NAME.exec(name) ?? [];
    if (pid === undefined) continue;
    const file = path.join(folder, name);
    const isDead = place === ownName().place ? !runs(pid, started) : await isSilent(file);
    if (isDead) await rm(file, { force: true }).catch(() => undefined);
  }
}

/** A process as its identity has it: pid, start, and a digest of the boot and the container in which these two mean something. */
function ownName(): { pid: string; started: string; place: string } {
  const [pid, started = '', ...place] = processIdentity(process.pid).split(' ');
  return { pid, started, place: createHash('sha256').update(place.join(' ')).digest('hex').slice(0, 8) };
}

const runs = (pid: string, started: string): boolean => {
  const [, , ...place] = processIdentity(process.pid).split(' ');
  return isRunning(started === '' ? pid : [pid, started, ...place].join(' '));
};

const isSilent = async (file: string): Promise<boolean> =>
  await stat(file).then(
    ({ mtimeMs }) => Date.now() - mtimeMs > SILENCE_MS,
    () => false,
  );
