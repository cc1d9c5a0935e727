import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { limitPosts } from '../../src/activities/custom/threads/thread-limits.ts';

it('only the owner of a thread’s port can post messages to it, while other ports take messages from anyone', () => {
  const [guarded, free] = [new MessageChannel(), new MessageChannel()];
  const post = limitPosts(guarded.port1);
  // oxlint-disable unicorn/require-post-message-target-origin -- ports, not windows
  expect(() => guarded.port1.postMessage('x')).toThrow('may not post messages through parentPort');
  post('own');
  free.port1.postMessage('x');
  expect(receiveMessageOnPort(guarded.port2)).toEqual({ message: 'own' });
  expect(receiveMessageOnPort(free.port2)).toEqual({ message: 'x' });
  for (const { port1 } of [guarded, free]) port1.close();
});
