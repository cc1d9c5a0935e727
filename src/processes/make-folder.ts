import { mkdir, stat } from 'node:fs/promises';
import path from 'node:path';

/**
 * Makes a folder, and those above it where they are not there yet. Node's own `recursive` never ends where a file system makes no
 * folders and says `ENOENT` of it, as /proc and automounters do: it asks for the same one again and again.
 *
 * @throws the file system's error, such as `ENOENT`, or `EEXIST` where a file of that name is there
 */
export async function makeFolder(folder: string, mode?: number): Promise<void> {
  if (await made(folder, mode)) return;
  const above = path.dirname(folder);
  if (above !== folder) await makeFolder(above, mode);
  if (!(await made(folder, mode))) await mkdir(folder, { mode });
}

/** Whether the folder is there now; false where one above it may be missing. @throws the file system's error where that is not it */
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
