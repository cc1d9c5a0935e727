import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { sessionOf } from './process-identity.ts';

/** State of a listening socket in /proc/net/tcp. */
const LISTENING = '0A';

/**
 * Whether a process, or one in its session, listens on a port of 127.0.0.1.
 *
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
    // the process has ended, or belongs to another user
    return [];
  }
}
