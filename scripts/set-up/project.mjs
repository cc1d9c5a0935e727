import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of package.json, wherever a script is started from. */
export const ROOT = path.resolve(fileURLToPath(import.meta.url), '../../..');

/** Progress goes to standard error: standard output belongs to the command that is set up for. */
export const say = (message) => process.stderr.write(`${message}\n`);

/** A failure whose message is enough for a user: what, where, what to do. */
export class SetUpError extends Error {}

/** Runs a script's main function. The number it returns is the exit code; a SetUpError prints one sentence and exits with code 3. */
export async function runMain(main) {
  try {
    process.exitCode = (await main()) ?? 0;
  } catch (error) {
    say(error instanceof SetUpError ? error.message : (error?.stack ?? String(error)));
    process.exitCode = error instanceof SetUpError ? 3 : 1;
  }
}

/** Relative paths of all files below a folder, sorted; a missing folder has none. */
export function filesBelow(folder, keep = () => true) {
  const found = [];
  const walk = (relative) => {
    let entries;
    try {
      entries = readdirSync(path.join(folder, relative), { withFileTypes: true });
    } catch (error) {
      if (error.code === 'ENOENT') return;
      throw error;
    }
    for (const entry of entries) {
      const file = path.join(relative, entry.name);
      if (entry.isDirectory()) walk(file);
      else if (keep(file)) found.push(file);
    }
  };
  walk('');
  return found.sort((a, b) => (a < b ? -1 : 1));
}

/** One hash over names and contents. */
export function hashFiles(folder, files) {
  const hash = createHash('sha256');
  for (const file of files)
    hash
      .update(file)
      .update('\0')
      .update(readFileSync(path.join(folder, file)))
      .update('\0');
  return hash.digest('hex');
}

/** The SHA-256 of one file's content, in hex. */
export const hashFile = (file) => createHash('sha256').update(readFileSync(file)).digest('hex');
