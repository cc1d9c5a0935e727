import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { messageOf } from '../../contracts/errors.ts';
import { tryLock, unlock } from '../../processes/lock-file.ts';

/** A reserved port. Call `release` once the server that needs it listens on it. */
export interface ClaimedPort {
  readonly port: number;
  readonly release: () => void;
}

/**
 * Reserves port `wanted` if it is free, else a free port that the system picks. Until the server listens, a lock file keeps other
 * processes of PredictLab from starting a server on the same port.
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

/** A port that is free at this moment but not reserved, for a server that starts immediately and may fail without harm. */
export async function freePort(): Promise<number> {
  const { port, release } = await claimPort();
  release();
  return port;
}

/** Number of ports that a server is tried on. */
export const PORT_ATTEMPTS = 3;

/**
 * Starts a server on a free port, and on another one if a program that does not respect the lock files takes the port first.
 * @throws the error of `start`
 */
export async function onFreePort<T>(start: (port: number) => T | Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const { port, release } = await claimPort();
    try {
      return await start(port);
    } catch (error) {
      if (attempt === PORT_ATTEMPTS || !/address already in use/i.test(messageOf(error))) throw error;
    } finally {
      release();
    }
  }
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

/** Listens on a port for a moment (port 0: a free one). @returns the port, or undefined if it is in use */
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
