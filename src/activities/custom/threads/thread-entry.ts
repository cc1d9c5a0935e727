import { totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { isMainThread, type ResourceLimits, Worker } from 'node:worker_threads';
import { LOAD_TIMEOUT_MS, notLoaded } from '../import-plugin.ts';

/** Path of a thread's entry. Threads need JavaScript, so a process that runs from source uses the last build. */
export function threadEntry(name: 'pool-thread' | 'own-thread' | 'venue-thread' | 'try-thread'): string {
  // the bundled entries are in dist/bundle
  const bundle = import.meta.url.endsWith('.ts') ? '../../../../dist/bundle/' : '../../../../bundle/';
  return fileURLToPath(new URL(`${bundle}${name}.js`, import.meta.url));
}

const MIB = 1024 ** 2;

/** Memory limit of a thread: a quarter of the machine's memory, within 512 MB to 4 GB. A thread that exceeds it ends without the worker. */
export const threadLimits = (): ResourceLimits => ({
  maxOldGenerationSizeMb: Math.round(Math.min(4096, Math.max(512, totalmem() / 4 / MIB))),
});

/** Messages of the thread that tries to load a plugin. The time limit starts with `loading`, as a busy machine starts threads slowly. */
export type TryMessage = 'loading' | 'ended';

/** Time between two looks at whether the loading thread still computes. */
const LOOKS_APART_MS = 2_000;

/**
 * Tries to load a plugin on a temporary thread, because a module that computes without end while it loads would block this process for
 * good. A module that waits ends by the limit of its own thread, which a busy machine delays. All other errors of the module are ignored here;
 * loading it on the main thread reports them.
 * @throws PredictLabError BadInput when the module does not load in time
 */
export async function tryPlugin(module: string, { timeoutMs = LOAD_TIMEOUT_MS } = {}): Promise<void> {
  // no trial is needed on a worker thread, which can be terminated
  if (!isMainThread) return;
  const thread = new Worker(threadEntry('try-thread'), {
    workerData: { module, timeoutMs },
    resourceLimits: threadLimits(),
    stdout: true,
    stderr: true,
  });
  let timer: NodeJS.Timeout | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      const look = (before?: number): void => {
        const { idle } = thread.performance.eventLoopUtilization();
        if (idle === before) return reject(notLoaded(module, timeoutMs, 'it computes without end'));
        timer = setTimeout(() => setImmediate(look, idle), LOOKS_APART_MS);
      };
      thread.on('message', (message: TryMessage) => {
        if (message === 'ended') return resolve();
        // setImmediate lets a process that was busy first read messages that have already arrived
        timer = setTimeout(() => setImmediate(look), timeoutMs);
      });
      thread.once('error', () => resolve());
      thread.once('exit', () => resolve());
    });
  } finally {
    clearTimeout(timer);
    await thread.terminate();
  }
}
