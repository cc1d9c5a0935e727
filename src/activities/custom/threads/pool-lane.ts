import { randomUUID } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { BroadcastChannel, MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import { Tinypool } from 'tinypool';
import type { Log } from '../../../contracts/log.ts';
import { logStray } from './stray-errors.ts';
import { threadEntry, threadLimits } from './thread-entry.ts';
import {
  describeThrown,
  type FromThread,
  type PoolData,
  type PoolJob,
  STOP_GRACE_MS,
  type ThrownError,
  type ToThread,
} from './thread-messages.ts';

/** Time for which an unused thread keeps its module loaded. */
const IDLE_TIMEOUT_MS = 60_000;

/** A pool of threads for jobs that compute: one per core, started when first needed, with one job at a time each. */
export class PoolLane {
  readonly cores = availableParallelism();
  readonly #log: Log;
  #pool: Tinypool | undefined;
  #strays: BroadcastChannel | undefined;

  constructor(log: Log) {
    this.#log = log;
  }

  get waiting(): number {
    return this.#pool?.queueSize ?? 0;
  }

  /** Runs a job; terminates the thread if the job does not react to an abort. @param whose name of the job's owner in messages */
  async run<T>(
    job: PoolJob,
    { whose, signal, onMessage }: { whose: string; signal: AbortSignal; onMessage: (message: FromThread) => void },
  ): Promise<T> {
    signal.throwIfAborted();
    const { port1: ours, port2: theirs } = new MessageChannel();
    const thread = new AbortController();
    let grace: NodeJS.Timeout | undefined;
    const stop = (): void => {
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port, not a window
      ours.postMessage({ abort: describeThrown(signal.reason) } satisfies ToThread);
      grace = setTimeout(() => thread.abort(), STOP_GRACE_MS);
    };
    signal.addEventListener('abort', stop, { once: true });
    ours.on('message', onMessage);
    // the port closes from the other side only when the thread ends
    ours.once('close', () => thread.abort());
    try {
      this.#pool ??= this.#open();
      const end = (await this.#pool.run({ job, port: theirs }, { transferList: [theirs], signal: thread.signal })) as T;
      // reads messages that were sent before the result on another channel
      for (let last = receiveMessageOnPort(ours); last !== undefined; last = receiveMessageOnPort(ours))
        onMessage(last.message as FromThread);
      return end;
    } catch (thrown) {
      if (!thread.signal.aborted) throw thrown;
      signal.throwIfAborted();
      throw endedWhileRunning(whose, thrown);
    } finally {
      signal.removeEventListener('abort', stop);
      clearTimeout(grace);
      ours.removeAllListeners('close').close();
    }
  }

  async close(): Promise<void> {
    this.#strays?.close();
    await this.#pool?.destroy();
  }

  #open(): Tinypool {
    const data: PoolData = { strayErrors: `predictlab-stray-errors-${randomUUID()}` };
    this.#strays = new BroadcastChannel(data.strayErrors);
    // oxlint-disable-next-line unicorn/prefer-add-event-listener -- with addEventListener, unref would not let the process exit
    this.#strays.onmessage = (event: unknown) => {
      const { module, stray } = (event as { data: { module: string; stray: ThrownError } }).data;
      logStray(this.#log, module, stray);
    };
    this.#strays.unref();
    return new Tinypool({
      filename: threadEntry('pool-thread'),
      minThreads: 0,
      maxThreads: this.cores,
      idleTimeout: IDLE_TIMEOUT_MS,
      resourceLimits: threadLimits(),
      workerData: data,
      // a plugin's own timers and connections stay open between tasks
      useAtomics: false,
      trackUnmanagedFds: false,
    });
  }
}

/** The error of a task whose thread ended without being terminated. */
export const endedWhileRunning = (whose: string, cause: unknown): Error =>
  new Error(
    `the thread of ${whose} ended while it ran (process.exit, out of memory, or a crash of native code); let it return or throw instead`,
    { cause },
  );
