import { createServer, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { connectOrRefuse, connectTemporal } from '../../../src/client/connection/connect-temporal.ts';

/** A server that accepts connections and answers every call with UNAVAILABLE; the SDK retries each, with growing pauses. */
async function busyServer() {
  let calls = 0;
  const server = createServer();
  const sessions = new Set<ServerHttp2Session>();
  server.on('session', (session: ServerHttp2Session) => {
    sessions.add(session);
    session.on('error', () => undefined).on('close', () => sessions.delete(session));
  });
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    stream.on('error', () => undefined);
    const answer = { ':status': 200, 'content-type': 'application/grpc' };
    if (String(headers[':path']).endsWith('/GetSystemInfo')) {
      // on connecting, clients request the server's capabilities; an empty message means few of them
      stream.respond(answer, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      return void stream.end(Buffer.alloc(5));
    }
    calls++;
    stream.respond({ ...answer, 'grpc-status': '14', 'grpc-message': 'busy' }, { endStream: true });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls: () => calls,
    close: async () => {
      // a session that was opened while its connection closed would stay open
      for (const session of sessions) session.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

test('a connection that is closed while its calls are retried ends these calls, and does not end the process', async () => {
  const server = await busyServer();
  try {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(80), { minLength: 1, maxLength: 4 }), fc.nat(250), async (startAfterMs, closeAfterMs) => {
        const connection = await connectTemporal({ address: server.address });
        const calls = startAfterMs.map(async (ms) => {
          await new Promise((resolve) => setTimeout(resolve, ms));
          await connection.workflowService.describeNamespace({ namespace: 'default' });
        });
        const ends = Promise.allSettled(calls);
        await new Promise((resolve) => setTimeout(resolve, closeAfterMs));
        await connection.close();
        const reasons = (await ends).map((end) => (end.status === 'rejected' ? String(end.reason) : 'answered'));
        // every attempt in progress ends with a reason; none was answered
        expect(reasons).toEqual(reasons.map(() => expect.stringMatching(/CANCELLED|UNAVAILABLE|shut down|closed/i)));
      }),
      {
        numRuns: 15,
        // one whose next attempt would come after the deadline, and one that was retried before it
        examples: [
          [[0], 60],
          [[0], 180],
        ],
      },
    );
    expect(server.calls()).toBeGreaterThan(2);
  } finally {
    await server.close();
  }
});

test('a connection fails at once when nothing listens at the address, and the error states the refusal', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  for (const host of ['127.0.0.1', 'localhost']) {
    const refused = connectOrRefuse({ address: `${host}:${port}`, connectTimeout: '5s' });
    // the SDK itself only says that its deadline has passed
    await expect(refused).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  }
});

test('a connection succeeds when a server listens', async () => {
  const server = await busyServer();
  const connection = await connectOrRefuse({ address: server.address, connectTimeout: '5s' });
  await expect(connection.close()).resolves.toBeUndefined();
  await server.close();
});
