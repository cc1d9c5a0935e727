import { stat } from 'node:fs/promises';
import path from 'node:path';
import { fileTrouble } from '../../../contracts/file-trouble.ts';
import { usageError } from '../../terminal/exit.ts';

/**
 * Whether a file can be written at all, before work is done for it.
 *
 * @param where what the sentence calls it: `--out`
 * @throws ExitError 2 when it has no name, is a folder, or its folder is not there
 */
export async function checkTarget(where: string, file: string): Promise<void> {
  if (file.trim() === '') throw usageError(`${where}: the name of the file to write is empty; name one`);
  const there = await stat(file).catch(() => undefined);
  if (there?.isDirectory() === true) throw usageError(`${where} ${file}: it is a folder; name a file in it`);
  const folder = path.dirname(path.resolve(file));
  const parent = await stat(folder).catch((error: unknown) => fileTrouble(error));
  if (typeof parent === 'string') throw usageError(`${where} ${file}: ${folder}: ${parent}; make the folder, or name another one`);
  if (!parent.isDirectory()) throw usageError(`${where} ${file}: ${folder} is no folder`);
}
