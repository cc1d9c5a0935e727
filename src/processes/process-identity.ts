import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/**
 * Identifies a process even if its pid is reused: the pid alone, or on Linux `123 4567 <boot id> pid:[4026531836]`, with the start time in
 * clock ticks since boot, the id of the boot, and the pid namespace (of the container).
 */
export function processIdentity(pid: number): string {
  const started = startTime(pid);
  return started === undefined ? String(pid) : `${pid} ${started} ${pidNamespace()}`.trim();
}

/** Whether the process of an identity still runs; always false for a process of another container. */
export function isRunning(identity: string): boolean {
  const { pid, started, boot } = partsOf(identity);
  if (!/^\d+$/.test(pid) || isForeign(identity) || !pidExists(Number(pid))) return false;
  const now = startTime(Number(pid));
  return started === undefined || now === undefined || now === `${started} ${boot ?? ''}`.trim();
}

/** Whether an identity belongs to another pid namespace of this machine, so that this process cannot see whether it runs. */
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

/** Whether any process has this pid. */
export function pidExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // The process exists but belongs to another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The program's name on Linux; undefined elsewhere. Empty for a zombie (ended, but not yet reaped). */
export function programOf(pid: number): string | undefined {
  const stat = procStat(pid);
  if (stat === undefined) return undefined;
  return stat.state === 'Z' ? '' : stat.program;
}

/** The pid of the session leader of a process, on Linux; undefined elsewhere, and where there is no such process. */
const sessionOf = (pid: number): number | undefined => procStat(pid)?.session;

/** The working directory of a process; undefined where the system does not reveal it. */
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

/** Caches a value that is read once; empty if the system does not have it. */
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

/** State of a listening socket in /proc/net/tcp. */
const LISTENING = '0A';

/**
 * Whether a process, or one in its session, listens on a port of 127.0.0.1.
 * @param leader pid of the process that leads the session
 * @returns undefined on systems other than Linux, and where no process listens
 */
export function isListenedOnBy(port: number, leader: number): boolean | undefined {
  const sockets = listeningSockets(port);
  if (sockets.size === 0) return undefined;
  return inSession(leader).some((pid) => openFiles(pid).some((file) => sockets.has(file)));
}

/** Names of the listening sockets of all processes in this network namespace, as /proc/<pid>/fd shows them. */
function listeningSockets(port: number): ReadonlySet<string> {
  const address = new RegExp(`^(?:0100007F|00000000):${port.toString(16).toUpperCase().padStart(4, '0')}$`);
  let table: string;
  try {
    table = readFileSync('/proc/net/tcp', 'utf8');
  } catch {
    return new Set();
  }
  const fields = table.split('\n').map((line) => line.trim().split(/\s+/));
  return new Set(
    fields.flatMap(([, local = '', , state, , , , , , inode]) => (state === LISTENING && address.test(local) ? [`socket:[${inode}]`] : [])),
  );
}

const inSession = (leader: number): readonly string[] =>
  namesIn('/proc').filter((name) => /^\d+$/.test(name) && sessionOf(Number(name)) === leader);

const openFiles = (pid: string): readonly string[] =>
  namesIn(`/proc/${pid}/fd`).map((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`);
    } catch {
      return '';
    }
  });

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    // The process has ended, or belongs to another user.
    return [];
  }
}
