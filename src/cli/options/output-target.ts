import { stat } from 'node:fs/promises';
import path from 'node:path';
import { fileTrouble } from '../../contracts/file-trouble.ts';
import { usageError } from '../terminal/exit.ts';

/**
 * Checks that a file can be written, before any work is done for it.
 *
 * @param where the option or command that names the file, for the error: `--out`
 * @throws ExitError 2 when the name is empty, the target is a folder, or its folder does not exist
 */
export async function checkTarget(where: string, file: string): Promise<void> {
  if (file.trim() === '') throw usageError(`${where}: the name of the file to write is empty; name one`);
  const there = await stat(file).catch(() => undefined);
  if (there?.isDirectory() === true) throw usageError(`${where} ${file}: it is a folder; name a file in it`);
  const folder = path.dirname(path.resolve(file));
  const parent = await stat(folder).catch((error: unknown) => fileTrouble(error));
  if (typeof parent === 'string') throw usageError(`${where} ${file}: ${folder}: ${parent}; make the folder, or name another one`);
  if (!parent.isDirectory()) throw usageError(`${where} ${file}: ${folder} is not a folder; name another one`);
}
