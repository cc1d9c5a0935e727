import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { expect, it } from 'vitest';
import { eventStream } from '../../src/ui/event-stream.ts';

const responseOf = (state: { destroyed: boolean; closed: boolean }) =>
  Object.assign(new EventEmitter(), { ...state, writeHead: () => undefined, write: () => true, end: () => undefined, writableLength: 0 });

it('the stream of a reader who left before it began is closed at once, so that nobody looks at a run for nobody', async () => {
  const left = responseOf({ destroyed: true, closed: true });
  await eventStream(left as unknown as ServerResponse).closed;
  expect(left.listenerCount('close')).toBe(0);
});

it('the stream of a reader who leaves later is closed then', async () => {
  const there = responseOf({ destroyed: false, closed: false });
  const { closed } = eventStream(there as unknown as ServerResponse);
  there.emit('close');
  await closed;
  expect(there.listenerCount('close')).toBe(0);
});
