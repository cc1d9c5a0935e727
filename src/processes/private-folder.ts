import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import path from 'node:path';
import { PredictLabError } from '../contracts/errors.ts';
import { fileTrouble } from '../contracts/file-trouble.ts';
import { homeFolder } from './home-folder.ts';
import { makeFolder } from './make-folder.ts';

/**
 * Mode of PREDICTLAB_HOME: closed to other users. When root runs the embedded Postgres under another account, that account must be able
 * to pass through, but not to list the folder.
 */
export const PASSAGE_MODE = process.getuid?.() === 0 ? 0o711 : 0o700;

/** Makes a folder that only this user can enter, and its missing parents. An existing folder keeps its mode. */
export async function makePrivateFolder(folder: string): Promise<void> {
  const home = homeFolder(process.env);
  if (folder.startsWith(home + path.sep)) await makeFolder(home, PASSAGE_MODE);
  await makeFolder(folder, 0o700);
}

/** Makes PREDICTLAB_HOME where it is missing. @throws PredictLabError BadInput where it cannot be made or written */
export async function makeHome(home: string): Promise<void> {
  try {
    await makeFolder(home, PASSAGE_MODE);
    await access(home, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new PredictLabError(
      'BadInput',
      `PREDICTLAB_HOME: ${home} cannot be used: ${fileTrouble(error)}; make it a folder that this user can write, or name another one`,
      { cause: error },
    );
  }
}
