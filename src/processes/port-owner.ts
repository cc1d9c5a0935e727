import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { sessionOf } from './process-identity.ts';

/** State of a socket that waits for connections, as Linux writes it. */
const LISTENING = '0A';

/**
 * Whether a process, or one that it started in its session, is the one that listens on a port of 127.0.0.1.
 *
 * @param leader the pid of a process that began a session of its own
 * @returns undefined where the system does not tell (anything but Linux), or nobody listens
 */
export function isListenedOnBy(port: number, leader: number): boolean | undefined {
  const sockets = listeningSockets(port);
  if (sockets.size === 0) return undefined;
  return inSession(leader).some((pid) => openFiles(pid).some((file) => sockets.has(file)));
}

/** Of all processes in this network, by the name that their open files have. */
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
    // it has ended, or is somebody else's
    return [];
  }
}
