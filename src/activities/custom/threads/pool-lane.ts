import { availableParallelism } from 'node:os';
import { MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads';
import type { Log } from '../../../contracts/log.ts';
import { logStray } from './stray-errors.ts';
import { threadEntry, threadLimits } from './thread-entry.ts';
import {
  describeThrown,
  type FromPool,
  type FromThread,
  type PoolJob,
  STOP_GRACE_MS,
  type StrayOfPool,
  type ToThread,
} from './thread-messages.ts';

/** Time for which an unused thread keeps its module loaded. */
const IDLE_TIMEOUT_MS = 60_000;
/** Number of jobs of its own kind that a thread may run before it serves a job of the other kind that has waited longer. */
const JOBS_OF_ONE_KIND = 16;

/** Backtests never share a thread with tasks, whose code may run on and pass signals from one series to the next. */
type JobKind = 'task' | 'backtests';

interface PoolThread {
  readonly worker: Worker;
  readonly kind: JobKind;
  /** Number of jobs that the thread has run. */
  jobs: number;
  /** Fails the thread's job when the thread ends unexpectedly. Undefined while the thread runs no job. */
  ended: ((cause: unknown) => void) | undefined;
  /** Terminates the thread after it has been unused for a while. */
  idleTimer: NodeJS.Timeout | undefined;
}

interface WaitingJob {
  readonly kind: JobKind;
  readonly start: (thread: PoolThread) => void;
}

interface JobOptions {
  readonly whose: string;
  readonly signal: AbortSignal;
  readonly onMessage: (message: FromThread) => void;
}

type LastOfJob = Exclude<FromPool, FromThread>;

/** A pool of threads for jobs that compute: one per core, started when first needed, with one job at a time each. */
export class PoolLane {
  readonly cores = availableParallelism();
  readonly #log: Log;
  readonly #threads = new Set<PoolThread>();
  readonly #idle: PoolThread[] = [];
  /** Jobs that wait for a thread, in the order in which they came. */
  readonly #queue = new Set<WaitingJob>();

  constructor(log: Log) {
    this.#log = log;
  }

  get waiting(): number {
    return this.#queue.size;
  }

  /** Runs a job; terminates the thread if the job does not react to an abort. @param how.whose name of the job in messages */
  async run<T>(job: PoolJob, how: JobOptions): Promise<T> {
    const { signal } = how;
    signal.throwIfAborted();
    let thread = await this.#take('task' in job ? 'task' : 'backtests', signal);
    try {
      for (;;) {
        const last = await this.#runOn(thread, job, how);
        if ('end' in last) return last.end as T;
        thread = this.#replace(thread);
      }
    } finally {
      if (this.#threads.has(thread)) this.#give(thread);
    }
  }

  /** Runs a job on a thread. @returns its last message */
  async #runOn(thread: PoolThread, job: PoolJob, { whose, signal, onMessage }: JobOptions): Promise<LastOfJob> {
    const { port1: ours, port2: theirs } = new MessageChannel();
    let grace: NodeJS.Timeout | undefined;
    let stop: (() => void) | undefined;
    try {
      signal.throwIfAborted();
      return await new Promise<LastOfJob>((resolve, reject) => {
        const receive = (message: FromPool): void => {
          if ('end' in message || 'used' in message) resolve(message);
          else onMessage(message);
        };
        ours.on('message', receive);
        thread.ended = (cause) => {
          // receives the messages that the job sent before its end
          for (let last = receiveMessageOnPort(ours); last !== undefined; last = receiveMessageOnPort(ours))
            receive(last.message as FromPool);
          reject(signal.aborted ? (signal.reason as Error) : endedWhileRunning(whose, cause));
        };
        stop = () => {
          // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port, not a window
          ours.postMessage({ abort: describeThrown(signal.reason) } satisfies ToThread);
          grace = setTimeout(() => {
            void this.#remove(thread);
            reject(signal.reason as Error);
          }, STOP_GRACE_MS);
        };
        signal.addEventListener('abort', stop, { once: true });
        thread.worker.postMessage({ job, port: theirs }, [theirs]);
      });
    } finally {
      if (stop !== undefined) signal.removeEventListener('abort', stop);
      clearTimeout(grace);
      ours.close();
      thread.ended = undefined;
    }
  }

  async close(): Promise<void> {
    this.#queue.clear();
    await Promise.all([...this.#threads].map(async (thread) => await this.#remove(thread)));
  }

  /** Waits for an idle thread and returns it. @throws the reason of the signal if it is aborted first */
  async #take(kind: JobKind, signal: AbortSignal): Promise<PoolThread> {
    const same = this.#idle.findLast((thread) => thread.kind === kind);
    if (same === undefined && this.#threads.size < this.cores) return this.#open(kind);
    const idle = same ?? this.#idle.at(-1);
    if (idle !== undefined) {
      clearTimeout(idle.idleTimer);
      this.#idle.splice(this.#idle.indexOf(idle), 1);
      return this.#forKind(kind, idle);
    }
    return await new Promise((resolve, reject) => {
      const stop = (): void => {
        this.#queue.delete(waiting);
        reject(signal.reason as Error);
      };
      const start = (thread: PoolThread): void => {
        signal.removeEventListener('abort', stop);
        resolve(thread);
      };
      const waiting = { kind, start };
      this.#queue.add(waiting);
      signal.addEventListener('abort', stop, { once: true });
    });
  }

  /** Gives an idle thread to the job that has waited longest, jobs of its own kind first. */
  #give(thread: PoolThread): void {
    thread.jobs++;
    const [oldest] = this.#queue;
    if (oldest !== undefined) {
      const isTurn = oldest.kind === thread.kind || thread.jobs % JOBS_OF_ONE_KIND === 0;
      const next = (isTurn ? undefined : [...this.#queue].find(({ kind }) => kind === thread.kind)) ?? oldest;
      this.#queue.delete(next);
      return next.start(this.#forKind(next.kind, thread));
    }
    this.#idle.push(thread);
    thread.idleTimer = setTimeout(() => void this.#remove(thread), IDLE_TIMEOUT_MS).unref();
  }

  /** The thread, or a new one in its place if it has run jobs of the other kind. */
  #forKind(kind: JobKind, thread: PoolThread): PoolThread {
    return thread.kind === kind ? thread : this.#replace(thread, kind);
  }

  #open(kind: JobKind): PoolThread {
    const worker = new Worker(threadEntry('pool-thread'), { resourceLimits: threadLimits() });
    const thread: PoolThread = { worker, kind, jobs: 0, ended: undefined, idleTimer: undefined };
    let cause: unknown;
    worker.on('message', ({ module, stray }: StrayOfPool) => logStray(this.#log, module, stray));
    worker.on('error', (error) => {
      cause = error;
    });
    worker.once('exit', () => {
      thread.ended?.(cause);
      void this.#remove(thread);
    });
    worker.unref();
    this.#threads.add(thread);
    return thread;
  }

  /** Terminates an idle thread and returns a new one in its place. */
  #replace(thread: PoolThread, kind = thread.kind): PoolThread {
    this.#threads.delete(thread);
    void thread.worker.terminate();
    return this.#open(kind);
  }

  /** Terminates a thread and starts another one if a job waits. */
  async #remove(thread: PoolThread): Promise<void> {
    if (!this.#threads.delete(thread)) return;
    clearTimeout(thread.idleTimer);
    const at = this.#idle.indexOf(thread);
    if (at !== -1) this.#idle.splice(at, 1);
    const [next] = this.#queue;
    if (next !== undefined) this.#give(this.#open(next.kind));
    await thread.worker.terminate();
  }
}

/** The error of a task whose thread ended without being terminated. */
export const endedWhileRunning = (whose: string, cause: unknown): Error =>
  new Error(
    `the thread of ${whose} ended while it ran (process.exit, out of memory, or a crash of native code); let it return or throw instead`,
    { cause },
  );
