import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT, say } from './project.mjs';

/** File with the pid of the npm of a set-up, so that the next set-up can end it when this one was killed. */
const NOTE = path.join(ROOT, '.predictlab/npm.pid');
const PATIENCE_MS = 20_000;

/** Writes the pid of a running npm; the returned function removes it. */
export function noteNpm(pid) {
  writeFileSync(NOTE, String(pid));
  return () => rmSync(NOTE, { force: true });
}

/** Ends the npm of a killed set-up that still writes to node_modules. Call it under the set-up's lock, when no live set-up owns that npm. */
export async function endLeftoverNpm() {
  let pid;
  try {
    pid = Number(readFileSync(NOTE, 'utf8'));
  } catch {
    return;
  }
  if (isNpm(pid)) {
    say(`ending the npm of a set-up that was killed (pid ${pid})`);
    process.kill(pid, 'SIGTERM');
    const deadline = Date.now() + PATIENCE_MS;
    while (isNpm(pid)) {
      if (Date.now() > deadline) process.kill(pid, 'SIGKILL');
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  rmSync(NOTE, { force: true });
}

/** Whether the pid still belongs to npm; the system may have given it to another program. */
function isNpm(pid) {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('npm');
  } catch {
    return process.platform !== 'linux' && spawnSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' }).stdout.includes('npm');
  }
}
