import { Worker } from 'node:worker_threads';
import type { Log } from '../../../contracts/log.ts';
import type { Json } from '../../../contracts/run/pipeline-input.ts';
import type { ActivityContext } from '../../../plugins/plugins.ts';
import { LostAttempt } from '../../runner/lost-attempt.ts';
import { endedUnder } from './pool-lane.ts';
import { tellStray } from './stray-errors.ts';
import { threadEntry, threadLimits } from './thread-entry.ts';
import {
  BEGUN,
  COMPUTING,
  describeThrown,
  errorOf,
  type FromOwnThread,
  type FromThread,
  type OwnThreadData,
  STOP_GRACE_MS,
  type ThreadTask,
  type ToOwnThread,
} from './thread-messages.ts';

/** A thread whose event loop is free answers within this time, also on a busy machine. */
const ANSWER_MS = 3_000;
/** So long a thread may take to start and to load its module before it counts as held up. */
const START_MS = 30_000;
/** While others wait for it, a task may hold up the thread for so many looks, one a second. */
const LOOKS_BEFORE_STUCK = 10;
const LOOK_MS = 1_000;

interface Running {
  readonly id: number;
  readonly task: ThreadTask;
  readonly context: ActivityContext;
  readonly resolve: (output: Json) => void;
  readonly reject: (error: unknown) => void;
}

interface OwnThread {
  readonly worker: Worker;
  /** Which task has begun last, and whose function computes at this moment; 0 is none. */
  readonly progress: Int32Array;
  readonly startedAt: number;
  /** Counts what was heard of it. */
  heard: number;
  /** Its module is loaded, or could not be. */
  ready: boolean;
}

/**
 * The thread of one plugin, which its tasks share: its module's state is one, as long as the thread lives. It is started when first
 * needed. A task that holds it up beyond its time, or while others wait, is ended with the thread: those that had not begun go on on
 * the next one, the others are lost attempts.
 */
export class OwnLane {
  readonly #module: string;
  readonly #log: Log;
  readonly #computes: (activity: string) => void;
  readonly #tasks = new Map<number, Running>();
  #thread: OwnThread | undefined;
  #ids = 0;
  #looking: NodeJS.Timeout | undefined;

  /** @param options.computes called with activities that held up the thread */
  constructor({ module, log, computes }: { module: string; log: Log; computes: (activity: string) => void }) {
    this.#module = module;
    this.#log = log;
    this.#computes = computes;
  }

  /** Tasks on the thread that have not ended. */
  get size(): number {
    return this.#tasks.size;
  }

  /** @throws what it threw; `LostAttempt` when its thread was ended because of another task */
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
        this.#looking ??= setInterval(this.#watch(), LOOK_MS).unref();
      });
    } finally {
      if (stop !== undefined) signal.removeEventListener('abort', stop);
      if (this.#tasks.size === 0) {
        clearInterval(this.#looking);
        this.#looking = undefined;
      }
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#looking);
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
    const thread: OwnThread = { worker, progress: new Int32Array(shared), startedAt: performance.now(), heard: 0, ready: false };
    worker.on('message', (message: FromOwnThread) => {
      thread.heard++;
      if ('ready' in message) thread.ready = true;
      this.#hear(message);
    });
    let cause: unknown;
    worker.once('error', (error) => {
      cause = error;
    });
    worker.once('exit', () => this.#replace(thread, 'died', cause));
    worker.unref();
    return thread;
  }

  #hear(message: FromOwnThread): void {
    if ('pong' in message || 'ready' in message) return;
    if ('stray' in message) return tellStray(this.#log, this.#module, message.stray);
    const running = this.#tasks.get(message.id);
    if (running === undefined) return;
    if (!('end' in message)) return pass(message, running.context);
    this.#tasks.delete(message.id);
    if ('thrown' in message.end) running.reject(errorOf(message.end.thrown));
    else running.resolve(message.end.output);
  }

  /** Tells a task to stop; one that does not is left to itself, or ended with the thread that it holds up. */
  #stop(running: Running): void {
    const { id, context } = running;
    const thread = this.#thread;
    if (thread === undefined) return;
    this.#post(thread, { id, abort: describeThrown(context.signal.reason) });
    setTimeout(() => {
      if (!this.#tasks.has(id)) return;
      const { heard } = thread;
      this.#post(thread, { ping: true });
      setTimeout(() => {
        // what was sent meanwhile is heard before this
        setImmediate(() => {
          if (this.#thread === thread && thread.heard === heard && hasStarted(thread)) this.#replace(thread, 'held up');
          if (this.#tasks.delete(id)) running.reject(context.signal.reason);
        });
      }, ANSWER_MS);
    }, STOP_GRACE_MS);
  }

  /** Looks whether the thread still gets anywhere while more than one task is there. */
  #watch(): () => void {
    let looks = 0;
    let before = '';
    return () => {
      const thread = this.#thread;
      if (thread === undefined) return;
      const { progress, heard } = thread;
      const now = `${thread.worker.threadId} ${heard} ${Atomics.load(progress, BEGUN)}`;
      looks = now === before && this.#tasks.size > 1 && hasStarted(thread) ? looks + 1 : 0;
      before = now;
      if (looks >= LOOKS_BEFORE_STUCK) this.#replace(thread, 'held up');
      else if (this.#tasks.size > 1) this.#post(thread, { ping: true });
    };
  }

  #replace(thread: OwnThread, why: 'held up' | 'died', cause?: unknown): void {
    if (this.#thread !== thread) return;
    this.#thread = undefined;
    void thread.worker.terminate();
    const begun = Atomics.load(thread.progress, BEGUN);
    const computing = Atomics.load(thread.progress, COMPUTING);
    const cutOff = [...this.#tasks.values()].filter(({ id }) => id <= begun);
    const computed = cutOff.filter(({ id }) => id === computing);
    // Where it is not known who did it, it may have been any of them.
    const suspects = computed.length > 0 ? computed : cutOff;
    for (const running of cutOff) {
      const { id, task, context } = running;
      const suspect = suspects.includes(running);
      const alone = suspect && suspects.length === 1;
      this.#tasks.delete(id);
      if (suspect && !(why === 'died' && alone)) this.#computes(task.activity);
      if (context.signal.aborted) running.reject(context.signal.reason);
      else if (why === 'died' && alone) running.reject(endedUnder(task.taskId, cause));
      else
        running.reject(
          new LostAttempt(
            `${task.taskId} was cut off: the thread of its plugin ${this.#module} was ended because of a task that held it up or ended it`,
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

/** Hands what an activity says on a thread to its task: a log line or a heartbeat. */
export function pass(message: FromThread, context: Pick<ActivityContext, 'log' | 'heartbeat'>): void {
  if ('log' in message) context.log[message.log](message.message, message.fields);
  else context.heartbeat(message.heartbeat);
}
