import path from 'node:path';
import { makeFolder } from './make-folder.ts';

/**
 * Mode of folders above private ones under PREDICTLAB_HOME: closed to other users. When root runs the embedded Postgres under another
 * account, that account must be able to pass through, but not to list the folder.
 */
export const PASSAGE_MODE = process.getuid?.() === 0 ? 0o711 : 0o700;

/** Makes a folder that only this user can enter, and its missing parents. An existing folder keeps its mode. */
export async function makePrivateFolder(folder: string): Promise<void> {
  await makeFolder(path.dirname(folder), PASSAGE_MODE);
  await makeFolder(folder, 0o700);
}
