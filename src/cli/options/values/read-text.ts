import { readFile } from 'node:fs/promises';

/**
 * A file that should hold text.
 *
 * @throws Error that says what it is instead: empty, or no text; and whatever the file system says
 */
export async function readText(file: string): Promise<string> {
  const bytes = await readFile(file);
  if (bytes.every((byte) => byte <= 0x20)) throw new Error('it is empty');
  if (bytes.includes(0)) throw new Error(NO_TEXT);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Error(NO_TEXT);
  }
}

const NO_TEXT = 'it is no text (UTF-8)';
