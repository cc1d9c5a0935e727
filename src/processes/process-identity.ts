import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/**
 * The identity of a process. On Linux it holds even if the pid is reused: `123 4567 <boot id> pid:[4026531836]` has the pid, the start time
 * in clock ticks since boot, the id of the boot, and the container's pid namespace. On other systems it is only the pid.
 */
export function processIdentity(pid: number): string {
  const started = startTime(pid);
  return started === undefined ? String(pid) : `${pid} ${started} ${pidNamespace()}`.trim();
}

/** Whether the process with this identity is running; always false for a process of another container. */
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

/** The name of a process's program on Linux; undefined elsewhere. Empty for a zombie, which has ended but was not reaped yet. */
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

/** Returns a function that reads a value once and caches it; empty if the system does not have the value. */
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
 * Whether a process of a session listens on a port of 127.0.0.1.
 * @param leader pid of the process that leads the session
 * @returns undefined on systems other than Linux, and if no process listens on the port
 */
export function isListenedOnBy(port: number, leader: number): boolean | undefined {
  const sockets = listeningSockets(port);
  if (sockets.size === 0) return undefined;
  return inSession(leader).some((pid) => openFiles(pid).some((file) => sockets.has(file)));
}

/** Names of the sockets that listen on a port of 127.0.0.1, as they appear in /proc/<pid>/fd. */
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
