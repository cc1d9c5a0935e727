import { parentPort, workerData } from 'node:worker_threads';
import { keepStandardOutput } from '../../../plugins/plugin-prints.ts';
import { pluginsOfThread, runThreadTask } from './run-thread-task.ts';
import { onStrayErrors } from './stray-errors.ts';
import { BEGUN, COMPUTING, errorOf, type FromOwnThread, type OwnThreadData, type ToOwnThread } from './thread-messages.ts';

/** A plugin's own thread, which runs all its tasks concurrently until it is ended. */
const port = parentPort!;
const { module, progress: shared } = workerData as OwnThreadData;
const progress = new Int32Array(shared);
const stops = new Map<number, AbortController>();
const say = (message: FromOwnThread): void => port.postMessage(message);

const ready = (): void => say({ ready: true });

keepStandardOutput();
onStrayErrors((stray) => say({ stray }));
port.on('message', (message: ToOwnThread) => {
  if ('ping' in message) return say({ pong: true });
  const { id } = message;
  if ('abort' in message) return stops.get(id)?.abort(errorOf(message.abort));
  const stop = new AbortController();
  stops.set(id, stop);
  Atomics.store(progress, BEGUN, id);
  const computing = (entered: boolean): void => void Atomics.store(progress, COMPUTING, entered ? id : 0);
  void runThreadTask(message.task, { say: (said) => say({ id, ...said }), signal: stop.signal, computing }).then((end) => {
    stops.delete(id);
    say({ id, end });
  });
});
// A module that cannot be loaded fails each task that needs it.
pluginsOfThread(module).then(ready, ready);
