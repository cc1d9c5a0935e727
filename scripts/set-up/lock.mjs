import { randomUUID } from 'node:crypto';
import { linkSync, lstatSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { SetUpError, say } from './project.mjs';

const WAIT_MS = 200;
const PATIENCE_MS = 15 * 60_000;

/** Runs `work` while no other process of this machine is between the same `withLock`. A lock whose process is gone is taken over. */
export async function withLock(file, work) {
  makeFolder(path.dirname(file));
  const since = Date.now();
  let announced = false;
  while (!acquire(file)) {
    const holder = holderOf(file);
    if (holder !== undefined && !isAlive(holder)) takeAway(file);
    else {
      if (!announced)
        say(
          `waiting for another set-up of this project to end ${holder === undefined ? `(or for ${file} to be deleted)` : `(pid ${holder})`}`,
        );
      announced = true;
      if (Date.now() - since > PATIENCE_MS)
        throw new SetUpError(`another set-up (pid ${holder}) has not ended in 15 minutes; end it, or delete ${file}`);
      await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
    }
  }
  const release = () => rmSync(file, { force: true });
  process.once('exit', release);
  try {
    return await work();
  } finally {
    process.removeListener('exit', release);
    release();
  }
}

/** Creates the folder with the mode that predictlab gives its home: root runs the embedded Postgres as another account. */
const makeFolder = (folder) => mkdirSync(folder, { recursive: true, mode: process.getuid?.() === 0 ? 0o711 : 0o700 });

/** Creates the lock together with its holder's pid: written to another file, then linked. */
function acquire(file) {
  // an unpredictable name, and never through a link placed by another user
  const own = `${file}.${process.pid}-${randomUUID()}`;
  writeFileSync(own, String(process.pid), { flag: 'wx' });
  try {
    linkSync(own, file);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(own, { force: true });
  }
}

function holderOf(file) {
  try {
    return lstatSync(file).isFile() ? Number(readFileSync(file, 'utf8')) : undefined;
  } catch {
    return undefined;
  }
}

/** Removes a stale lock. Only one of several waiting processes can rename it; the others find it gone. */
function takeAway(file) {
  const stale = `${file}.stale-${process.pid}`;
  try {
    renameSync(file, stale);
    // another process may have taken it over between the check and the rename: then restore it
    if (isAlive(holderOf(stale))) linkSync(stale, file);
  } catch (error) {
    if (error.code !== 'ENOENT' && error.code !== 'EEXIST') throw error;
  }
  rmSync(stale, { force: true });
}

function isAlive(pid) {
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
