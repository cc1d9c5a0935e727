import { mkdir, stat } from 'node:fs/promises';
import path from 'node:path';

/**
 * Makes a folder and its missing parents. It replaces Node's `recursive` option, which loops for ever on file systems that refuse new
 * folders with `ENOENT`, such as /proc and automounters.
 *
 * @throws the file system's error, such as `ENOENT`, or `EEXIST` where a file of that name exists
 */
export async function makeFolder(folder: string, mode?: number): Promise<void> {
  if (await made(folder, mode)) return;
  const above = path.dirname(folder);
  if (above !== folder) await makeFolder(above, mode);
  if (!(await made(folder, mode))) await mkdir(folder, { mode });
}

/** Tries to make one folder. @returns whether it exists now; false where a parent may be missing @throws any other error of the file system */
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
