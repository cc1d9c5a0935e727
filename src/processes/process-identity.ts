import { readFileSync, readlinkSync } from 'node:fs';

/**
 * Names a process so that another one that gets the same pid later is not taken for it: the pid, and on Linux the time it started at
 * (in clock ticks since boot) with the boot's own id. `123` or `123 4567 <boot id>`.
 */
export function processIdentity(pid: number): string {
  const started = startTime(pid);
  return started === undefined ? String(pid) : `${pid} ${started}`;
}

/** Whether the very process that an identity names still runs. */
export function isRunning(identity: string): boolean {
  const [pid = '', ...started] = identity.trim().split(' ');
  if (!/^\d+$/.test(pid) || !pidExists(Number(pid))) return false;
  const now = startTime(Number(pid));
  return started.length === 0 || now === undefined || now === started.join(' ');
}

/** Whether some process has this pid. */
export function pidExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // it is there, but not ours to signal
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The program's name on Linux; undefined elsewhere. A process that ended but was not waited for has no program any more. */
export function programOf(pid: number): string | undefined {
  const stat = procStat(pid);
  if (stat === undefined) return undefined;
  return stat.state === 'Z' ? '' : stat.program;
}

/** The folder a process works in, where the system lets us see it. */
export function folderOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return undefined;
  }
}

function startTime(pid: number): string | undefined {
  const stat = procStat(pid);
  return stat === undefined ? undefined : `${stat.started} ${bootId()}`;
}

function procStat(pid: number): { program: string; state: string; started: string } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const close = text.lastIndexOf(')');
    const fields = text.slice(close + 2).split(' ');
    return { program: text.slice(text.indexOf('(') + 1, close), state: fields[0] ?? '', started: fields[19] ?? '' };
  } catch {
    return undefined;
  }
}

let knownBootId: string | undefined;
function bootId(): string {
  if (knownBootId === undefined) {
    try {
      knownBootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    } catch {
      knownBootId = '';
    }
  }
  return knownBootId;
}
