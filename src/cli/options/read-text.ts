import { readFile } from 'node:fs/promises';
import { fileTrouble } from '../../contracts/file-trouble.ts';
import { usageError } from '../terminal/exit.ts';

/**
 * Reads a text file.
 *
 * @throws Error when the file is empty or not UTF-8 text, and the errors of the file system
 */
export async function readText(file: string): Promise<string> {
  const bytes = await readFile(file);
  if (bytes.every((byte) => byte <= 0x20)) throw new Error('it is empty');
  if (bytes.includes(0)) throw new Error(NOT_TEXT);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Error(NOT_TEXT);
  }
}

const NOT_TEXT = 'it is not UTF-8 text';

/** Whether an option's value is the JSON list itself, not the name of a file. */
export const isInline = (text: string): boolean => text.trimStart().startsWith('[');

/**
 * The JSON list given to an option, inline or as the name of a file.
 *
 * @throws ExitError 2 that names the option
 */
export async function jsonList(option: string, text: string): Promise<unknown> {
  const source = isInline(text)
    ? text
    : await readText(text).catch((error: unknown) => {
        throw usageError(`${option} ${text}: ${fileTrouble(error)}; give a JSON list or the name of a file with one`);
      });
  try {
    return JSON.parse(source.replace(/^\uFEFF/, '')) as unknown;
  } catch {
    throw usageError(`${option} ${isInline(text) ? '' : text}: this is not valid JSON; give a list such as [{…}, {…}]`);
  }
}
