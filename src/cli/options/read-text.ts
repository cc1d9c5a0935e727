import { readFile } from 'node:fs/promises';
import { text as readAll } from 'node:stream/consumers';
import { fileTrouble, messageOf } from '../../contracts/errors.ts';
import { shapeProblems } from '../../input/size-problems.ts';
import { usageError } from '../terminal/print.ts';

/** Reads a text file. @throws Error when the file is empty or not UTF-8 text, and the errors of the file system */
async function readText(file: string): Promise<string> {
  const bytes = await readFile(file);
  if (bytes.every((byte) => byte <= 0x20)) throw new Error('it is empty');
  try {
    if (!bytes.includes(0)) return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    // Invalid UTF-8 is reported below.
  }
  throw new Error('it is not UTF-8 text');
}

/**
 * Reads a JSON file that a user wrote; `-` is standard input.
 * @param where the option or argument with its file, for errors
 * @param wanted what to give instead
 * @throws ExitError 2 when it cannot be read or is not JSON
 */
export async function readJson(where: string, file: string, wanted: string): Promise<unknown> {
  const text = await (file === '-' ? readAll(process.stdin) : readText(file)).catch((error: unknown) => {
    throw usageError(`${where} cannot be read: ${fileTrouble(error)}; ${wanted}`);
  });
  return parseJson(where, text, wanted);
}

/** Parses JSON that a user wrote. @throws ExitError 2 when it is not JSON, or nested too deep to be processed */
export function parseJson(where: string, text: string, wanted: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    // Removes the excerpt of the text that V8 appends.
    const why = messageOf(error)
      .replace(/,? ?"(?:\.\.\.)?[^]*$/, '')
      .replace(/^Unexpected token/, 'unexpected');
    throw usageError(`${where} is not valid JSON: ${why}; ${wanted}`);
  }
  const [problem] = shapeProblems(value);
  if (problem !== undefined) throw usageError(`${where}: ${problem.where || 'it'} ${problem.message}`);
  return value;
}

/** Whether an option's value is the JSON list itself, not the name of a file. */
export const isInline = (text: string): boolean => text.trimStart().startsWith('[');

/** The JSON list given to an option, inline or as the name of a file. @throws ExitError 2 that names the option */
export const jsonList = async (option: string, text: string): Promise<unknown> =>
  isInline(text)
    ? parseJson(option, text, 'give a list such as [{…}, {…}]')
    : await readJson(`${option} ${text}`, text, 'give a JSON list or the name of a file with one');
