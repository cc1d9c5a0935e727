import { type MessagePort, parentPort } from 'node:worker_threads';
import { captureStreams, keepStandardOutput } from '../../../plugins/plugin-prints.ts';
import { sharedObjectsChanged } from '../../../plugins/shared-objects.ts';
import { runBacktests, runWalkForward } from './backtests-on-thread.ts';
import { runThreadTask } from './run-thread-task.ts';
import { onStrayErrors } from './stray-errors.ts';
import { limitPosts, yieldToWorker } from './thread-limits.ts';
import { describeThrown, errorOf, type FromPool, type PoolJob, type StrayOfPool, type ToThread } from './thread-messages.ts';

/** The entry of a thread of the pool, which runs one job at a time until it is terminated. */
const workerPort = parentPort!;
let module = '';
yieldToWorker();
keepStandardOutput();
captureStreams();
const reportStray = limitPosts(workerPort) as (stray: StrayOfPool) => void;
onStrayErrors((stray) => reportStray({ module, stray }));

workerPort.on('message', ({ job, port }: { job: PoolJob; port: MessagePort }) => {
  const stop = new AbortController();
  const send = (message: FromPool): void => port.postMessage(message);
  port.on('message', ({ abort }: ToThread) => stop.abort(errorOf(abort)));
  // compared before backtests and not after each task, because a comparison takes milliseconds
  if (!('task' in job) && sharedObjectsChanged()) return send({ used: true });
  // a job also fails if its result cannot be sent
  void doJob(job, send, stop.signal)
    .then((end) => send({ end }))
    .catch((thrown: unknown) => send({ end: { thrown: describeThrown(thrown) } }));
});

async function doJob(job: PoolJob, send: (message: FromPool) => void, signal: AbortSignal): Promise<unknown> {
  if ('task' in job) {
    module = job.task.module;
    return await runThreadTask(job.task, { send, signal });
  }
  const how = { alive: (): void => send({ heartbeat: null }), signal };
  module = 'backtests' in job ? job.backtests.plugins : job.walkForward.plugins;
  try {
    return 'backtests' in job ? await runBacktests(job.backtests, how) : await runWalkForward(job.walkForward, how);
  } finally {
    // a change that is taken back before the next backtests counts too
    sharedObjectsChanged();
  }
}
