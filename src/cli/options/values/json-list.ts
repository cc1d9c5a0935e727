import { fileTrouble } from '../../../contracts/file-trouble.ts';
import { usageError } from '../../terminal/exit.ts';
import { readText } from './read-text.ts';

/** Whether an option holds the list itself, not the file of one. */
export const isInline = (text: string): boolean => text.trimStart().startsWith('[');

/**
 * A JSON list as an option gives it: itself, or the file of one.
 *
 * @throws ExitError 2 that names the option
 */
export async function jsonList(option: string, text: string): Promise<unknown> {
  const source = isInline(text)
    ? text
    : await readText(text).catch((error: unknown) => {
        throw usageError(`${option} ${text}: ${fileTrouble(error)}; give a JSON list or the file of one`);
      });
  try {
    return JSON.parse(source.replace(/^\uFEFF/, '')) as unknown;
  } catch {
    throw usageError(`${option} ${isInline(text) ? '' : text}: this is not whole JSON; give a list such as [{…}, {…}]`);
  }
}
