import { stat } from 'node:fs/promises';
import path from 'node:path';
import { fileTrouble } from '../../contracts/errors.ts';
import { usageError } from '../terminal/print.ts';

/**
 * Checks that a file can be written, before any work is done for it.
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

/**
 * Checks the output files of a command: each can be written, none is an input, and no two are the same.
 * @param outputs files by the option that names them
 * @throws ExitError 2 that names the options
 */
export async function checkTargets(
  outputs: Readonly<Record<string, string | undefined>>,
  inputs: readonly (string | undefined)[],
): Promise<void> {
  const taken = new Map<string, string>();
  for (const input of inputs) {
    const place = input === undefined ? undefined : await placeOf(input);
    if (place !== undefined) taken.set(place, 'it is an input of this command');
  }
  for (const [option, file] of Object.entries(outputs)) {
    if (file === undefined) continue;
    await checkTarget(option, file);
    const place = await placeOf(file);
    if (place === undefined) continue;
    const other = taken.get(place);
    if (other !== undefined) throw usageError(`${option} ${file}: ${other}; name another file`);
    taken.set(place, `${option} writes it already`);
  }
}

/** The identity of a file, equal for all its names and links; its path when it does not exist yet; undefined for a device or FIFO. */
async function placeOf(file: string): Promise<string | undefined> {
  const info = await stat(file).catch(() => undefined);
  if (info === undefined) return path.resolve(file);
  return info.isFile() ? `${info.dev}:${info.ino}` : undefined;
}
