import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import { Tinypool } from 'tinypool';
import type { Json } from '../../contracts/pipeline-input.ts';
import type { ActivityContext } from '../../plugins.ts';
import { describeThrown, errorOf, type FromThread, type ThreadEnd, type ThreadTask, type ToThread } from './thread-messages.ts';

/** What was told to stop has this long to do so; a loop that hears nothing is then ended with its thread. */
const STOP_GRACE_MS = 2_000;
/** An unused thread keeps its module loaded this long. */
const IDLE_TIMEOUT_MS = 60_000;
/** Ends are told together for at most this long, while every thread has at least so many tasks before it. */
const TOGETHER_MS = 100;
const TASKS_BEFORE_IT = 4;

/** Threads for plugin activities with `thread: true`: as many as there are cores, started when first needed. */
export interface PluginThreads {
  /**
   * Runs one activity on a thread. Its heartbeats and log lines go to `context`, whose abort reaches it.
   *
   * @returns its output
   * @throws what it threw; an error of the thread itself, such as running out of memory, when it ended with the task
   */
  run(activity: { readonly module: string; readonly name: string }, input: unknown, context: ActivityContext): Promise<Json>;
  /**
   * Comes back at once, or a little later while many tasks wait for a thread: each end that is told wakes the run, which takes
   * the time of the cores that they wait for.
   */
  together(): Promise<void>;
  /** Ends all threads, whatever they do. */
  close(): Promise<void>;
}

/** Threads for plugin activities that say `thread: true`: none until one is needed, at most as many as there are cores. */
export function createPluginThreads(): PluginThreads {
  const cores = availableParallelism();
  let pool: Tinypool | undefined;
  /** Ends that are told together. */
  const held: (() => void)[] = [];
  let telling: NodeJS.Timeout | undefined;
  const tell = (): void => {
    clearTimeout(telling);
    telling = undefined;
    for (const resolve of held.splice(0)) resolve();
  };
  const open = (): Tinypool =>
    new Tinypool({
      filename: threadEntry(),
      minThreads: 0,
      maxThreads: cores,
      idleTimeout: IDLE_TIMEOUT_MS,
      // Between tasks a plugin's own timers and connections live on.
      useAtomics: false,
      trackUnmanagedFds: false,
    });
  return {
    async run({ module, name }, input, context) {
      const { runId, taskId, attempt, resume, signal } = context;
      signal.throwIfAborted();
      const task: ThreadTask = { module, activity: name, input, runId, taskId, attempt, resume };
      const { port1: ours, port2: theirs } = new MessageChannel();
      const thread = new AbortController();
      let grace: NodeJS.Timeout | undefined;
      const stop = (): void => {
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port, not a window
        ours.postMessage({ abort: describeThrown(signal.reason) } satisfies ToThread);
        grace = setTimeout(() => thread.abort(), STOP_GRACE_MS);
      };
      signal.addEventListener('abort', stop, { once: true });
      ours.on('message', (message: FromThread) => pass(message, context));
      // Only the end of the thread closes it from the other side.
      ours.once('close', () => thread.abort());
      try {
        pool ??= open();
        const end = (await pool.run({ task, port: theirs }, { transferList: [theirs], signal: thread.signal })) as ThreadEnd;
        // Sent before the end, but by another way.
        for (let last = receiveMessageOnPort(ours); last !== undefined; last = receiveMessageOnPort(ours))
          pass(last.message as FromThread, context);
        if ('thrown' in end) throw errorOf(end.thrown);
        return end.output;
      } catch (thrown) {
        if (!thread.signal.aborted) throw thrown;
        signal.throwIfAborted();
        throw new Error(
          `the thread of ${taskId} ended under it (process.exit, out of memory, or a crash of native code); let it return or throw instead`,
          { cause: thrown },
        );
      } finally {
        signal.removeEventListener('abort', stop);
        clearTimeout(grace);
        ours.removeAllListeners('close').close();
      }
    },
    async together() {
      if ((pool?.queueSize ?? 0) < TASKS_BEFORE_IT * cores) return tell();
      telling ??= setTimeout(tell, TOGETHER_MS);
      await new Promise<void>((resolve) => held.push(resolve));
    },
    async close() {
      tell();
      await pool?.destroy();
    },
  };
}

function pass(message: FromThread, context: ActivityContext): void {
  if ('log' in message) context.log[message.log](message.message, message.fields);
  else context.heartbeat(message.heartbeat);
}

/** Threads need JavaScript: from source, that of the last build. */
function threadEntry(): string {
  const built = import.meta.url.endsWith('.ts') ? '../../../dist/src/activities/custom/plugin-thread.js' : './plugin-thread.js';
  return fileURLToPath(new URL(built, import.meta.url));
}
