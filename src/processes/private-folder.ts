import path from 'node:path';
import { makeFolder } from './make-folder.ts';

/**
 * Nobody else looks into what is kept under PREDICTLAB_HOME. Where root runs the embedded Postgres as another account, that one must
 * pass through the folders on its way: enter, not look.
 */
export const PASSAGE_MODE = process.getuid?.() === 0 ? 0o711 : 0o700;

/** Makes a folder that only this user can enter, and those above it where they are not there yet. What is there keeps its mode. */
export async function makePrivateFolder(folder: string): Promise<void> {
  await makeFolder(path.dirname(folder), PASSAGE_MODE);
  await makeFolder(folder, 0o700);
}
