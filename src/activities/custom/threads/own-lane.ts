import { Worker } from 'node:worker_threads';
import type { Log } from '../../../contracts/log.ts';
import type { Json } from '../../../contracts/run/pipeline-input.ts';
import type { ActivityContext } from '../../../plugins/plugins.ts';
import { LostAttempt } from '../../runner/attempt-sign.ts';
import { endedWhileRunning } from './pool-lane.ts';
import { logStray } from './stray-errors.ts';
import { threadEntry, threadLimits } from './thread-entry.ts';
import {
  ANSWER_MS,
  COMPUTING,
  describeThrown,
  errorOf,
  type FromOwnThread,
  type FromThread,
  LAST_STARTED,
  type OwnThreadData,
  START_MS,
  STOP_GRACE_MS,
  type ThreadTask,
  type ToOwnThread,
} from './thread-messages.ts';

/** Number of checks without progress, one per second, after which a thread counts as blocked if other tasks wait for it. */
const CHECKS_BEFORE_BLOCKED = 10;
const CHECK_MS = 1_000;

interface Running {
  readonly id: number;
  readonly task: ThreadTask;
  readonly context: ActivityContext;
  readonly resolve: (output: Json) => void;
  readonly reject: (error: unknown) => void;
}

interface OwnThread {
  readonly worker: Worker;
  /** Shared with the thread: id of the task that started last, and id of the task whose function computes at this moment (0 for none). */
  readonly progress: Int32Array;
  readonly startedAt: number;
  received: number;
  /** Whether the thread has tried to load its module, with or without success. */
  ready: boolean;
}

/**
 * The thread of one plugin, which all its tasks and its module's state share; the first task starts it. A task that blocks the thread past
 * its time limit, or while other tasks wait, ends with the thread. Tasks that had not started run on the next thread; those that had
 * started are lost attempts.
 */
export class OwnLane {
  readonly #module: string;
  readonly #log: Log;
  readonly #computes: (activity: string) => void;
  readonly #tasks = new Map<number, Running>();
  #thread: OwnThread | undefined;
  #ids = 0;
  #checks: NodeJS.Timeout | undefined;

  /** @param options.computes called with the name of an activity that blocked the thread */
  constructor({ module, log, computes }: { module: string; log: Log; computes: (activity: string) => void }) {
    this.#module = module;
    this.#log = log;
    this.#computes = computes;
  }

  /** Number of tasks on the thread that have not ended. */
  get size(): number {
    return this.#tasks.size;
  }

  /** Runs a task on the thread. @throws the error of the task; `LostAttempt` when the thread ended because of another task */
  async run(task: ThreadTask, context: ActivityContext): Promise<Json> {
    const { signal } = context;
    signal.throwIfAborted();
    let stop: (() => void) | undefined;
    try {
      return await new Promise<Json>((resolve, reject) => {
        const running: Running = { id: ++this.#ids, task, context, resolve, reject };
        stop = () => this.#stop(running);
        signal.addEventListener('abort', stop, { once: true });
        this.#tasks.set(running.id, running);
        this.#send(running);
        this.#checks ??= setInterval(this.#watch(), CHECK_MS).unref();
      });
    } finally {
      if (stop !== undefined) signal.removeEventListener('abort', stop);
      if (this.#tasks.size === 0) {
        clearInterval(this.#checks);
        this.#checks = undefined;
      }
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#checks);
    const thread = this.#thread;
    this.#thread = undefined;
    await thread?.worker.terminate();
  }

  #send({ id, task }: Running): void {
    this.#thread ??= this.#open();
    this.#post(this.#thread, { id, task });
  }

  #post(thread: OwnThread, message: ToOwnThread): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    thread.worker.postMessage(message);
  }

  #open(): OwnThread {
    const shared = new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT);
    const data: OwnThreadData = { module: this.#module, progress: shared };
    const worker = new Worker(threadEntry('own-thread'), { workerData: data, resourceLimits: threadLimits() });
    const thread: OwnThread = { worker, progress: new Int32Array(shared), startedAt: performance.now(), received: 0, ready: false };
    worker.on('message', (message: FromOwnThread) => {
      thread.received++;
      if ('ready' in message) thread.ready = true;
      this.#receive(message);
    });
    let cause: unknown;
    worker.once('error', (error) => {
      cause = error;
    });
    worker.once('exit', () => this.#replace(thread, 'died', cause));
    worker.unref();
    return thread;
  }

  #receive(message: FromOwnThread): void {
    if ('pong' in message || 'ready' in message) return;
    if ('stray' in message) return logStray(this.#log, this.#module, message.stray);
    const running = this.#tasks.get(message.id);
    if (running === undefined) return;
    if (!('end' in message)) return passOn(message, running.context);
    this.#tasks.delete(message.id);
    if ('thrown' in message.end) running.reject(errorOf(message.end.thrown));
    else running.resolve(message.end.output);
  }

  /** Requests a task to stop. A task that does not stop is abandoned; if it also blocks the thread, the thread is terminated. */
  #stop(running: Running): void {
    const { id, context } = running;
    const thread = this.#thread;
    if (thread === undefined) return;
    this.#post(thread, { id, abort: describeThrown(context.signal.reason) });
    setTimeout(() => {
      if (!this.#tasks.has(id)) return;
      const { received } = thread;
      this.#post(thread, { ping: true });
      setTimeout(() => {
        // runs after the messages that are already queued have been received
        setImmediate(() => {
          if (this.#thread === thread && thread.received === received && hasStarted(thread)) this.#replace(thread, 'blocked');
          if (this.#tasks.delete(id)) running.reject(context.signal.reason);
        });
      }, ANSWER_MS);
    }, STOP_GRACE_MS);
  }

  /** Returns a function to be called once per second; it checks whether the thread makes progress while it has several tasks. */
  #watch(): () => void {
    let checks = 0;
    let before = '';
    return () => {
      const thread = this.#thread;
      if (thread === undefined) return;
      const { progress, received } = thread;
      const now = `${thread.worker.threadId} ${received} ${Atomics.load(progress, LAST_STARTED)}`;
      checks = now === before && this.#tasks.size > 1 && hasStarted(thread) ? checks + 1 : 0;
      before = now;
      if (checks >= CHECKS_BEFORE_BLOCKED) this.#replace(thread, 'blocked');
      else if (this.#tasks.size > 1) this.#post(thread, { ping: true });
    };
  }

  #replace(thread: OwnThread, why: 'blocked' | 'died', cause?: unknown): void {
    if (this.#thread !== thread) return;
    this.#thread = undefined;
    void thread.worker.terminate();
    const started = Atomics.load(thread.progress, LAST_STARTED);
    const computing = Atomics.load(thread.progress, COMPUTING);
    const cutOff = [...this.#tasks.values()].filter(({ id }) => id <= started);
    const computed = cutOff.filter(({ id }) => id === computing);
    // if no task is known to have been computing, each started task may have blocked or ended the thread
    const suspects = computed.length > 0 ? computed : cutOff;
    for (const running of cutOff) {
      const { id, task, context } = running;
      const suspect = suspects.includes(running);
      const alone = suspect && suspects.length === 1;
      this.#tasks.delete(id);
      if (suspect && !(why === 'died' && alone)) this.#computes(task.activity);
      if (context.signal.aborted) running.reject(context.signal.reason);
      else if (why === 'died' && alone) running.reject(endedWhileRunning(task.taskId, cause));
      else
        running.reject(
          new LostAttempt(
            `${task.taskId} was cut off: the thread of its plugin ${this.#module} was terminated because another task blocked or ended it`,
          ),
        );
    }
    for (const waiting of this.#tasks.values()) {
      if (!waiting.context.signal.aborted) this.#send(waiting);
      else if (this.#tasks.delete(waiting.id)) waiting.reject(waiting.context.signal.reason);
    }
  }
}

const hasStarted = ({ ready, startedAt }: OwnThread): boolean => ready || performance.now() - startedAt > START_MS;

/** Passes a heartbeat or log line from an activity's thread on to its task. */
export function passOn(message: FromThread, context: Pick<ActivityContext, 'log' | 'heartbeat'>): void {
  if ('log' in message) context.log[message.log](message.message, message.fields);
  else context.heartbeat(message.heartbeat);
}
