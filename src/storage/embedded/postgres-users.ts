import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isForeign, isRunning, processIdentity } from '../../processes/process-identity.ts';

let count = 0;

/** Registers this process as a user of the server. @returns the file to remove at the end */
export function registerUser(folder: string): string {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  const note = join(folder, `${process.pid}-${count++}`);
  writeFileSync(note, processIdentity(process.pid), { mode: 0o600 });
  return note;
}

/** Whether a live process still uses the server. Files of dead processes are removed. */
export function hasUsers(folder: string): boolean {
  let found = false;
  for (const name of notes(folder)) {
    const note = join(folder, name);
    if (isRunning(read(note))) found = true;
    else rmSync(note, { force: true });
  }
  return found;
}

/** Removes the files of other containers: they cannot use a server that this process has just started. */
export function removeForeignUsers(folder: string): void {
  for (const name of notes(folder)) if (isForeign(read(join(folder, name)))) rmSync(join(folder, name), { force: true });
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
