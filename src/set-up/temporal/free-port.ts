import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { tryLock, unlock } from '../../processes/lock-file.ts';

/** A port that is ours until `release`: by then the server that it is for must listen on it. */
export interface ClaimedPort {
  readonly port: number;
  readonly release: () => void;
}

/**
 * Claims `wanted` when nobody listens there, else a free port that the system picks; without `wanted` always the latter.
 * Between our look and the server's listening another of our processes could find the same port free, and would then take
 * our server for its own: a lock keeps it away.
 */
export async function claimPort(wanted?: number): Promise<ClaimedPort> {
  if (wanted !== undefined) {
    const claimed = await claim(wanted);
    if (claimed) return claimed;
  }
  for (;;) {
    const port = await listenOnce(0);
    if (port === undefined) throw new Error('the system has no free port on 127.0.0.1');
    const claimed = await claim(port);
    if (claimed) return claimed;
  }
}

/** A port that is free at this moment. For a server that is started at once and that may fail without harm. */
export async function freePort(): Promise<number> {
  const { port, release } = await claimPort();
  release();
  return port;
}

async function claim(port: number): Promise<ClaimedPort | undefined> {
  const lock = path.join(tmpdir(), `predictlab-${userInfo().uid}-port-${port}.lock`);
  if (!tryLock(lock)) return undefined;
  if ((await listenOnce(port)) === undefined) {
    unlock(lock);
    return undefined;
  }
  return { port, release: () => unlock(lock) };
}

/** The port once it could be listened on; undefined when it is taken. */
function listenOnce(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : undefined));
    });
  });
}
