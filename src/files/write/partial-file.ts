import { randomUUID } from 'node:crypto';
import { readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { isGone, OWNER_MARK, ownerMark } from '../../processes/owner-mark.ts';

/** Bytes of a file name that are kept; of the 255 allowed, the owner and the ending take up to 100. */
const MAX_BASE_BYTES = 150;
const NAME = new RegExp(`^\\..*\\.(${OWNER_MARK})-[0-9a-f]{8}\\.partial$`, 's');

/** The path of a file while it is written: in the same folder, under a name that contains the writing process. */
export function partialOf(target: string): string {
  const base = Buffer.from(path.basename(target)).subarray(0, MAX_BASE_BYTES).toString('utf8').replaceAll('\uFFFD', '');
  return path.join(path.dirname(target), `.${base}.${ownerMark()}-${randomUUID().slice(0, 8)}.partial`);
}

/** Whether a name is that of an incomplete file. */
export const isPartial = (name: string): boolean => NAME.test(name);

/**
 * Removes incomplete files that killed processes have left in a folder. Files of processes that may be alive stay, and so do files that
 * cannot be read or removed.
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
