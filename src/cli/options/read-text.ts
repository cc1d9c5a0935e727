import { readFile } from 'node:fs/promises';
import { fileTrouble } from '../../contracts/errors.ts';
import { shapeProblems } from '../../input/size-problems.ts';
import { ExitError, usageError } from '../terminal/exit.ts';

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
    return parseJson(source);
  } catch (error) {
    if (error instanceof ExitError) throw usageError(`${option}: ${error.message}`);
    throw usageError(`${option} ${isInline(text) ? '' : text}: this is not valid JSON; give a list such as [{…}, {…}]`);
  }
}

/**
 * Parses JSON that a user wrote.
 *
 * @throws ExitError 2 when it is nested too deep to be processed, SyntaxError when it is not JSON
 */
export function parseJson(text: string): unknown {
  const value = JSON.parse(text.replace(/^\uFEFF/, '')) as unknown;
  const [problem] = shapeProblems(value);
  if (problem !== undefined) throw usageError(`${problem.where || 'it'} ${problem.message}`);
  return value;
}
