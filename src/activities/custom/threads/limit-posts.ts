import { MessagePort } from 'node:worker_threads';

/**
 * Refuses what a plugin's code posts to the worker through its thread's own port: a loop of messages would block the worker's event loop.
 *
 * @param mayPost whether a message may still be sent by others than the caller. @default none may
 * @returns the port's own `postMessage`, without the limit
 */
export function limitPosts(port: MessagePort, mayPost: (message: unknown) => boolean = () => false): (message: unknown) => void {
  // oxlint-disable-next-line typescript/unbound-method -- it is called with its port below
  const post = MessagePort.prototype.postMessage;
  MessagePort.prototype.postMessage = function (this: MessagePort, ...args: Parameters<typeof post>) {
    if (this === port && !mayPost(args[0]))
      throw new Error('a plugin may not post messages through parentPort; use context.log, context.heartbeat or what run() returns');
    post.apply(this, args);
  };
  return (message) => post.call(port, message);
}
