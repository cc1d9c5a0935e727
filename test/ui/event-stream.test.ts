import { EventEmitter } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { eventStream } from '../../src/ui/live/poll-readers.ts';

const responseOf = (state: { destroyed: boolean; closed: boolean }) =>
  Object.assign(new EventEmitter(), { ...state, writeHead: () => undefined, write: () => true, end: () => undefined, writableLength: 0 });

it('the stream of a reader that left before it started is closed at once', async () => {
  const left = responseOf({ destroyed: true, closed: true });
  await eventStream(left as unknown as ServerResponse).closed;
  expect(left.listenerCount('close')).toBe(0);
});

it('the stream of a reader that leaves later is closed then', async () => {
  const there = responseOf({ destroyed: false, closed: false });
  const { closed } = eventStream(there as unknown as ServerResponse);
  there.emit('close');
  await closed;
  expect(there.listenerCount('close')).toBe(0);
});

it('a stream is not written to after its end, which would end the process', async () => {
  const server = createServer();
  const asked = new Promise<ServerResponse>((resolve) => server.on('request', (_, response) => resolve(response)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const reader = connect((server.address() as AddressInfo).port, '127.0.0.1').pause();
  reader.write('GET /events HTTP/1.1\r\nHost: here\r\n\r\n');
  const response = await asked;
  const errors: string[] = [];
  response.on('error', (error: NodeJS.ErrnoException) => errors.push(error.code ?? error.message));
  const stream = eventStream(response, { heartbeatMs: 1 });
  while (response.writableLength < 1024 * 1024) {
    stream.patch('x'.repeat(256 * 1024));
    await turn();
  }
  stream.ended();
  stream.patch('[]');
  stream.still(true);
  for (let beats = 0; beats < 20; beats++) await wait(1);
  expect(response).toMatchObject({ writableEnded: true, writableFinished: false });
  expect(errors).toEqual([]);
  // and its end still reaches the last reader
  let last = '';
  for await (const chunk of reader) {
    last = (last + String(chunk)).slice(-100);
    if (last.includes('event: ended')) break;
  }
  expect(last).toContain('event: ended');
  await stream.closed;
  reader.destroy();
  await new Promise((resolve) => server.close(resolve));
});
