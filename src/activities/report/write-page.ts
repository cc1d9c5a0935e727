import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { messageOf, PredictLabError } from '../../contracts/errors.ts';

/** What does not mend itself: no permission, no room, something else in the way. */
const NEEDS_THE_USER = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT', 'ENOTDIR', 'EEXIST', 'EISDIR', 'ENAMETOOLONG']);

/**
 * Writes a page that is whole or not there, so that a browser that reloads meanwhile sees the old or the new one. Two writers
 * of one page do not disturb each other: the last one stays.
 *
 * @returns how many bytes were written
 */
export async function writePage(file: string, text: string): Promise<number> {
  const partial = path.join(path.dirname(file), `.${path.basename(file)}.${randomUUID()}.partial`);
  try {
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(partial, text);
    await rename(partial, file);
  } catch (error) {
    await rm(partial, { force: true }).catch(() => undefined);
    if (!NEEDS_THE_USER.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
    throw new PredictLabError(
      'BadInput',
      `the report ${file} cannot be written: ${messageOf(error)}; check that PREDICTLAB_HOME is a folder with room that this user may write to`,
      { cause: error },
    );
  }
  return Buffer.byteLength(text);
}
