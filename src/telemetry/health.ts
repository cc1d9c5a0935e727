import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { badInput, messageOf } from '../contracts/errors.ts';
import type { Log } from '../contracts/log.ts';
import { type Listening, splitAddress } from './listen.ts';

export interface HealthThreadData {
  readonly host: string;
  readonly port: number;
  /** Memory with one integer, which grows every second while the worker's event loop runs. */
  readonly beats: SharedArrayBuffer;
}

export type FromHealthThread =
  | { readonly port: number }
  | { readonly failed: string }
  | { readonly warning: string }
  /** Asks whether the worker is ready. */
  | { readonly question: number };

export interface ToHealthThread {
  readonly answer: number;
  /** Why the worker is not ready; null if it is ready. */
  readonly reason: string | null;
}

const BEAT_MS = 1_000;
const NAME = 'the health port';

/** Path of the thread's built JavaScript, which Node.js needs for a thread even when the worker itself runs from TypeScript sources. */
const ENTRY = fileURLToPath(new URL(`../../${import.meta.url.endsWith('.ts') ? 'dist/' : ''}bundle/health-thread.js`, import.meta.url));

/**
 * Serves `/healthz` (the event loop is not stuck) and `/readyz` (the worker polls and reaches its database; 503 with the reason otherwise)
 * on a separate thread.
 */
export async function serveHealth({
  address,
  ready,
  log,
}: {
  address: string;
  ready: () => Promise<void>;
  log: Pick<Log, 'warn'>;
}): Promise<Listening> {
  const [host, port] = splitAddress(address, 'HEALTH_ADDRESS');
  const beats = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
  const counter = new Int32Array(beats);
  const thread = new Worker(ENTRY, { workerData: { host, port, beats } satisfies HealthThreadData });
  const beating = setInterval(() => Atomics.add(counter, 0, 1), BEAT_MS).unref();
  const close = async (): Promise<void> => {
    clearInterval(beating);
    await thread.terminate();
  };
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  const say = (message: ToHealthThread): void => thread.postMessage(message);
  try {
    const bound = await new Promise<number>((resolve, reject) => {
      thread.once('error', reject);
      thread.on('message', (message: FromHealthThread) => {
        if ('port' in message) resolve(message.port);
        else if ('failed' in message) reject(badInput(`HEALTH_ADDRESS=${address}: ${message.failed}`));
        else if ('warning' in message) log.warn(`${NAME}: ${message.warning}`);
        else
          ready().then(
            () => say({ answer: message.question, reason: null }),
            (error: unknown) => say({ answer: message.question, reason: messageOf(error) }),
          );
      });
    });
    thread.on('error', (error) => log.warn(`${NAME}: ${messageOf(error)}`));
    thread.unref();
    return { address: `${host}:${bound}`, close };
  } catch (error) {
    await close();
    throw error;
  }
}
