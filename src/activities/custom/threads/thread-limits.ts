import { setPriority } from 'node:os';
import { MessagePort } from 'node:worker_threads';

/** Nice value of threads that compute. If all cores are busy, it gives them about a tenth of the CPU time of the worker's own thread. */
const YIELDING = 10;

/**
 * Lowers the CPU priority of this thread, so that a plugin's endless loop does not delay the worker's own thread. Only on Linux: elsewhere
 * the priority would apply to the whole process.
 */
export function yieldToWorker(): void {
  if (process.platform === 'linux') setPriority(YIELDING);
}

/**
 * Blocks messages of a plugin's code through its thread's own port: a loop of messages would block the worker's event loop.
 * @returns the port's own `postMessage`, without the limit
 */
export function limitPosts(port: MessagePort): (message: unknown) => void {
  // oxlint-disable-next-line typescript/unbound-method -- it is called with its port below
  const post = MessagePort.prototype.postMessage;
  MessagePort.prototype.postMessage = function (this: MessagePort, ...args: Parameters<typeof post>) {
    if (this === port)
      throw new Error('a plugin may not post messages through parentPort; use context.log, context.heartbeat or what run() returns');
    post.apply(this, args);
  };
  return (message) => post.call(port, message);
}
