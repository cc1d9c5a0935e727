import { randomBytes } from 'node:crypto';
import { link, readFile, stat, unlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { badInput, messageOf, PredictLabError } from '../contracts/errors.ts';
import { makePrivateFolder } from '../processes/home-folder.ts';

/** The file under PREDICTLAB_HOME that holds the live pages' token. */
export const TOKEN_FILE = 'ui-token';

/** The characters of a token: safe in a cookie and behind a #, and too many to guess. */
const TOKEN = /^[\w-]{20,200}$/;

/**
 * Reads the token from a file, so that open pages and bookmarks survive a restart; creates the file, readable by its owner alone, if it
 * does not exist.
 * @throws PredictLabError BadInput when the file cannot be read or created, holds no token, or can be read by others
 */
export async function keptToken(file: string): Promise<string> {
  try {
    const token = (await readToken(file)) ?? (await makeToken(file));
    if (TOKEN.test(token)) return token;
  } catch (error) {
    if (error instanceof PredictLabError) throw error;
    throw badInput(`${file}: the token cannot be stored there: ${messageOf(error)}`, { cause: error });
  }
  throw badInput(
    `${file} holds no valid token (at least 20 letters, digits, - or _ on one line); delete the file, and a new one is created`,
  );
}

async function readToken(file: string): Promise<string | undefined> {
  try {
    const { mode } = await stat(file);
    if ((mode & 0o077) !== 0)
      throw badInput(
        `${file} can be read by other users (mode ${(mode & 0o777).toString(8)}): delete it, and a new one is created, or run \`chmod 600\` on it`,
      );
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Writes the complete file before linking it to its name: if several servers start at the same time, all use the first one's token. */
async function makeToken(file: string): Promise<string> {
  await makePrivateFolder(path.dirname(file));
  const draft = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
  await writeFile(draft, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' });
  try {
    await link(draft, file).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  } finally {
    await unlink(draft);
  }
  return (await readToken(file)) ?? '';
}
