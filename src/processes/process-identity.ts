import { readFileSync, readlinkSync } from 'node:fs';

/**
 * Names a process so that another one that gets the same pid later is not taken for it: the pid, and on Linux the time it started at
 * (in clock ticks since boot), the boot's own id, and the pid namespace (of the container) in which the pid means something. `123`, or
 * `123 4567 <boot id> pid:[4026531836]`.
 */
export function processIdentity(pid: number): string {
  const started = startTime(pid);
  return started === undefined ? String(pid) : `${pid} ${started} ${pidNamespace()}`.trim();
}

/** Whether the very process that an identity names still runs, as far as this container sees: false for those of another one. */
export function isRunning(identity: string): boolean {
  const { pid, started, boot } = partsOf(identity);
  if (!/^\d+$/.test(pid) || isForeign(identity) || !pidExists(Number(pid))) return false;
  const now = startTime(Number(pid));
  return started === undefined || now === undefined || now === `${started} ${boot ?? ''}`.trim();
}

/** Whether an identity was made in another pid namespace of this machine: nobody here can say whether its process runs. */
export function isForeign(identity: string): boolean {
  const { boot, namespace } = partsOf(identity);
  return namespace !== undefined && namespace !== pidNamespace() && boot === bootId();
}

function partsOf(identity: string): { pid: string; started?: string; boot?: string; namespace?: string } {
  const [pid = '', started, boot, namespace] = identity.trim().split(' ');
  return {
    pid,
    ...(started !== undefined && { started }),
    ...(boot !== undefined && { boot }),
    ...(namespace !== undefined && { namespace }),
  };
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

/** The pid that leads the session of a process, on Linux; undefined elsewhere, and where there is no such process. */
export const sessionOf = (pid: number): number | undefined => procStat(pid)?.session;

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
  return stat === undefined ? undefined : `${stat.started} ${bootId()}`.trim();
}

function procStat(pid: number): { program: string; state: string; session: number; started: string } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const close = text.lastIndexOf(')');
    const fields = text.slice(close + 2).split(' ');
    return {
      program: text.slice(text.indexOf('(') + 1, close),
      state: fields[0] ?? '',
      session: Number(fields[3]),
      started: fields[19] ?? '',
    };
  } catch {
    return undefined;
  }
}

const bootId = once(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
const pidNamespace = once(() => readlinkSync('/proc/self/ns/pid'));

/** Read once; empty where the system has no such thing. */
function once(read: () => string): () => string {
  let known: string | undefined;
  return () => {
    try {
      known ??= read();
    } catch {
      known = '';
    }
    return known;
  };
}
