import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isRunning, processIdentity } from '../../processes/process-identity.ts';

let count = 0;

/** Notes that this process uses the server. @returns the note, to be removed at the end */
export function registerUser(folder: string): string {
  mkdirSync(folder, { recursive: true });
  const note = join(folder, `${process.pid}-${count++}`);
  writeFileSync(note, processIdentity(process.pid));
  return note;
}

/** Whether anybody alive still uses the server. Notes of the dead are swept. */
export function hasUsers(folder: string): boolean {
  let found = false;
  for (const name of notes(folder)) {
    const note = join(folder, name);
    if (isRunning(read(note))) found = true;
    else rmSync(note, { force: true });
  }
  return found;
}

function notes(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
