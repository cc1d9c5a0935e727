import { constants } from 'node:fs';
import { access, mkdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { badInput, fileTrouble } from '../contracts/errors.ts';

/** Absolute path of the home folder (PREDICTLAB_HOME), which holds data, reports, downloads and logs. */
export const homeFolder = (env: NodeJS.ProcessEnv): string => path.resolve(env.PREDICTLAB_HOME || '.predictlab');

/**
 * Makes a folder and its missing parents. The option `recursive` of Node.js is not used, because it loops for ever on file systems that
 * refuse new folders with `ENOENT` (/proc, automounters).
 * @throws the file system's error, such as `ENOENT`, or `EEXIST` where a file of that name exists
 */
export async function makeFolder(folder: string, mode?: number): Promise<void> {
  if (await made(folder, mode)) return;
  const above = path.dirname(folder);
  if (above !== folder) await makeFolder(above, mode);
  if (!(await made(folder, mode))) await mkdir(folder, { mode });
}

/** Tries to make one folder. @returns true if it exists now, false if a parent may be missing @throws other errors of the file system */
async function made(folder: string, mode?: number): Promise<boolean> {
  try {
    await mkdir(folder, { mode });
    return true;
  } catch (error) {
    const there = await stat(folder).catch(() => undefined);
    if (there?.isDirectory() === true) return true;
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    throw error;
  }
}

/**
 * Mode of PREDICTLAB_HOME, which is closed to other users. Root runs the embedded Postgres under another account, so other accounts may
 * pass through root's folder.
 */
export const PASSAGE_MODE = process.getuid?.() === 0 ? 0o711 : 0o700;

/** Makes a folder that only this user can enter, and its missing parents. An existing folder keeps its permissions. */
export async function makePrivateFolder(folder: string): Promise<void> {
  const home = homeFolder(process.env);
  if (folder.startsWith(home + path.sep)) await makeFolder(home, PASSAGE_MODE);
  await makeFolder(folder, 0o700);
}

/** Makes the home folder if it is missing. @throws PredictLabError BadInput if it cannot be made or written */
export async function makeHome(home: string): Promise<void> {
  try {
    await makeFolder(home, PASSAGE_MODE);
    await access(home, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw badInput(
      `PREDICTLAB_HOME: ${home} cannot be used: ${fileTrouble(error)}; make it a folder that this user can write, or name another one`,
      { cause: error },
    );
  }
}
