import { isMainThread, Worker } from 'node:worker_threads';
import { LOAD_TIMEOUT_MS, notLoaded } from '../import-plugin.ts';
import { threadEntry, threadLimits } from './thread-entry.ts';

/** A thread that is loading says so before its own time is up: the main one waits a little longer. */
const PATIENCE_MS = 2_000;

/**
 * Loads a plugin on a thread that is thrown away: a module that computes without end while it is loaded can be ended there, and
 * would hold up this process for good. What else is wrong with it, loading it says.
 *
 * @throws PredictLabError BadInput when it is not loaded in time
 */
export async function tryPlugin(module: string, { timeoutMs = LOAD_TIMEOUT_MS } = {}): Promise<void> {
  // a thread can be ended as it is
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
      timer = setTimeout(() => reject(notLoaded(module, timeoutMs, 'it computes or waits without end')), timeoutMs + PATIENCE_MS);
      thread.once('message', () => resolve());
      thread.once('error', () => resolve());
      thread.once('exit', () => resolve());
    });
  } finally {
    clearTimeout(timer);
    await thread.terminate();
  }
}
