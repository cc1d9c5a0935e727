import path from 'node:path';
import { messageOf, PredictLabError } from '../../contracts/errors.ts';
import { needsTheUser, writeFileAtomically } from '../../files/write/write-output.ts';
import { makePrivateFolder } from '../../processes/private-folder.ts';

/**
 * Writes a page that is whole or not there, so that a browser that reloads meanwhile sees the old or the new one. Two writers
 * of one page do not disturb each other: the last one stays.
 *
 * @returns how many bytes were written
 */
export async function writePage(file: string, text: string): Promise<number> {
  try {
    await makePrivateFolder(path.dirname(file));
    // a page that a power cut took is written again by the next report
    return await writeFileAtomically(file, [text], { durable: false, mode: 0o600 });
  } catch (error) {
    const cause = error instanceof PredictLabError ? (error.cause ?? error) : error;
    // somebody removed the folder meanwhile: the next attempt makes it again
    const removed = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    if (removed || !(cause instanceof PredictLabError || needsTheUser(cause))) throw cause;
    throw new PredictLabError(
      'BadInput',
      `the report ${file} cannot be written: ${messageOf(cause)}; check that PREDICTLAB_HOME is a folder with room that this user may write to`,
      { cause },
    );
  }
}
