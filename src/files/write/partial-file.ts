import { randomUUID } from 'node:crypto';
import { readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { isGone, OWNER_MARK, ownerMark } from '../../processes/owner-mark.ts';

/** Of the name's longest 255 bytes, those of the owner and the ending take up to 100. */
const LONGEST_BASE_BYTES = 150;
const NAME = new RegExp(`^\\..*\\.(${OWNER_MARK})-[0-9a-f]{8}\\.partial$`, 's');

/** Where a file lies until it is whole: beside it, under a name that says which process writes it. */
export function partialOf(target: string): string {
  const base = Buffer.from(path.basename(target)).subarray(0, LONGEST_BASE_BYTES).toString('utf8').replaceAll('\uFFFD', '');
  return path.join(path.dirname(target), `.${base}.${ownerMark()}-${randomUUID().slice(0, 8)}.partial`);
}

/** Whether a name is one of a file that is not whole yet. */
export const isPartial = (name: string): boolean => NAME.test(name);

/**
 * Removes what processes that were killed while they wrote have left in a folder. Files of those that may live stay, and so does whatever
 * cannot be read or removed: it is in nobody's way.
 */
export async function removeLeftovers(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const mark = NAME.exec(name)?.[1];
    if (mark === undefined) continue;
    const file = path.join(folder, name);
    const info = await stat(file).catch(() => undefined);
    if (info !== undefined && isGone(mark, Date.now() - info.mtimeMs)) await rm(file, { force: true }).catch(() => undefined);
  }
}
