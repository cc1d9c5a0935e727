import { BroadcastChannel, type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { captureStreams, keepStandardOutput } from '../../../plugins/plugin-prints.ts';
import { runBacktests, runWalkForward } from './backtests-on-thread.ts';
import { runThreadTask } from './run-thread-task.ts';
import { onStrayErrors } from './stray-errors.ts';
import { limitPosts, yieldToWorker } from './thread-limits.ts';
import { errorOf, type FromThread, type PoolData, type PoolJob, type ToThread } from './thread-messages.ts';

/** Data of this pool: Tinypool passes its own data first. */
const [, { strayErrors }] = workerData as [unknown, PoolData];
const strayChannel = new BroadcastChannel(strayErrors);
strayChannel.unref();
let module = '';
yieldToWorker();
keepStandardOutput();
captureStreams();
// Tinypool itself posts "ready", which must pass the limit
let readyLeft = 2;
if (parentPort !== null)
  limitPosts(parentPort, (message) => typeof message === 'object' && message !== null && 'ready' in message && readyLeft-- > 0);
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel between threads, not a window
onStrayErrors((stray) => strayChannel.postMessage({ module, stray }));

/** Runs one job of a plugin: the function that Tinypool calls on a thread of the pool. */
export default async function doJob({ job, port }: { job: PoolJob; port: MessagePort }): Promise<unknown> {
  const stop = new AbortController();
  const send = (message: FromThread): void => port.postMessage(message);
  port.on('message', ({ abort }: ToThread) => stop.abort(errorOf(abort)));
  if ('task' in job) {
    module = job.task.module;
    return await runThreadTask(job.task, { send, signal: stop.signal });
  }
  const how = { alive: (): void => send({ heartbeat: null }), signal: stop.signal };
  if ('backtests' in job) {
    module = job.backtests.plugins;
    return await runBacktests(job.backtests, how);
  }
  module = job.walkForward.plugins;
  return await runWalkForward(job.walkForward, how);
}
