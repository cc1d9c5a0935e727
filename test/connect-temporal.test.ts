import { createServer, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { Connection } from '@temporalio/client';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { retriesUntilClosed } from '../src/connect-temporal.ts';

/** A server to which every call is one call too many for now (UNAVAILABLE): the SDK tries each again, 100 ms later and then more seldom. */
async function busyServer() {
  let calls = 0;
  const server = createServer();
  server.on('stream', (stream: ServerHttp2Stream) => {
    calls++;
    stream.on('error', () => undefined);
    stream.respond(
      { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '14', 'grpc-message': 'busy' },
      { endStream: true },
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls: () => calls,
    close: async () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

test('a connection that is closed while calls are tried again ends these calls, whenever it is closed, and not the process', async () => {
  const server = await busyServer();
  try {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(80), { minLength: 1, maxLength: 4 }), fc.nat(250), async (startAfterMs, closeAfterMs) => {
        const connection = Connection.lazy({ address: server.address, interceptors: retriesUntilClosed() });
        const calls = startAfterMs.map(async (ms) => {
          await new Promise((resolve) => setTimeout(resolve, ms));
          await connection.workflowService.describeNamespace({ namespace: 'default' });
        });
        const ends = Promise.allSettled(calls);
        await new Promise((resolve) => setTimeout(resolve, closeAfterMs));
        await connection.close();
        const reasons = (await ends).map((end) => (end.status === 'rejected' ? String(end.reason) : 'answered'));
        // an attempt that was under way says how it ended; none was answered, and none is left without an end
        expect(reasons).toEqual(reasons.map(() => expect.stringMatching(/CANCELLED|UNAVAILABLE|shut down|closed/i)));
      }),
      { numRuns: 15 },
    );
    expect(server.calls()).toBeGreaterThan(15);
  } finally {
    await server.close();
  }
});
