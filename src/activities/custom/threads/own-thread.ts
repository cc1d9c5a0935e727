import { parentPort, workerData } from 'node:worker_threads';
import { captureStreams, keepStandardOutput } from '../../../plugins/plugin-prints.ts';
import { pluginsOfThread, runThreadTask } from './run-thread-task.ts';
import { onStrayErrors } from './stray-errors.ts';
import { limitPosts, yieldToWorker } from './thread-limits.ts';
import { COMPUTING, errorOf, type FromOwnThread, LAST_STARTED, type OwnThreadData, type ToOwnThread } from './thread-messages.ts';

/** The entry of a plugin's own thread, which runs all tasks of the plugin concurrently until it is terminated. */
const port = parentPort!;
const { module, progress: shared } = workerData as OwnThreadData;
const progress = new Int32Array(shared);
const stops = new Map<number, AbortController>();
const send = limitPosts(port) as (message: FromOwnThread) => void;

const ready = (): void => send({ ready: true });

yieldToWorker();
keepStandardOutput();
captureStreams();
onStrayErrors((stray) => send({ stray }));
port.on('message', (message: ToOwnThread) => {
  if ('ping' in message) return send({ pong: true });
  const { id } = message;
  if ('abort' in message) return stops.get(id)?.abort(errorOf(message.abort));
  const stop = new AbortController();
  stops.set(id, stop);
  Atomics.store(progress, LAST_STARTED, id);
  const computing = (entered: boolean): void => void Atomics.store(progress, COMPUTING, entered ? id : 0);
  void runThreadTask(message.task, { send: (part) => send({ id, ...part }), signal: stop.signal, computing }).then((end) => {
    stops.delete(id);
    send({ id, end });
  });
});
// the thread also reports ready if the module cannot be loaded; each task that needs the module then fails
pluginsOfThread(module).then(ready, ready);
