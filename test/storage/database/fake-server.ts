import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';

/** What PgBouncer 1.18 lets through without a configuration of its own. */
const KNOWN = new Set(['user', 'database', 'client_encoding', 'datestyle', 'timezone', 'standard_conforming_strings', 'application_name']);

const message = (type: string, body: Buffer): Buffer => {
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
};
const fields = (pairs: Readonly<Record<string, string>>): Buffer =>
  Buffer.from(
    `${Object.entries(pairs)
      .map(([key, value]) => `${key}${value}\0`)
      .join('')}\0`,
  );
const ready = message('Z', Buffer.from('I'));

export interface FakeServer {
  readonly port: number;
  /** The start-up parameters of each connection. */
  readonly parameters: readonly Readonly<Record<string, string>>[];
  /** The statements it was sent. */
  readonly statements: readonly string[];
  close(): Promise<void>;
}

/** How the fake server answers a connection: with an error, or by requesting a password by SCRAM. */
export type Refusal = { readonly code: string; readonly message: string } | 'scram';

/** A server that speaks just enough of Postgres' protocol to be connected to, and that refuses connections on request. */
export async function fakeServer(refusal?: Refusal): Promise<FakeServer> {
  const parameters: Record<string, string>[] = [];
  const statements: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    let started = false;
    socket.on('data', (data: Buffer) => {
      if (!started && data.length === 8) return void socket.write('N');
      if (!started) {
        started = true;
        const words = data.subarray(8).toString().split('\0');
        const given: Record<string, string> = {};
        for (let k = 0; words[k]; k += 2) given[words[k]] = words[k + 1];
        parameters.push(given);
        const unknown = Object.keys(given).find((name) => !KNOWN.has(name));
        const refused = unknown === undefined ? refusal : { code: '08P01', message: `unsupported startup parameter: ${unknown}` };
        if (refused === 'scram') return void socket.write(message('R', Buffer.from('\0\0\0\x0aSCRAM-SHA-256\0\0')));
        if (refused !== undefined) return void socket.end(message('E', fields({ S: 'FATAL', C: refused.code, M: refused.message })));
        return void socket.write(Buffer.concat([message('R', Buffer.alloc(4)), ready]));
      }
      // the client's first message of SCRAM
      if (data[0] === 0x70) return void socket.write(message('R', Buffer.from('\0\0\0\x0br=abc,s=AAAA,i=4096')));
      if (data[0] === 0x51) statements.push(data.subarray(5, -1).toString());
      if (data[0] === 0x51) socket.write(Buffer.concat([message('C', Buffer.from('SET\0')), ready]));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  return {
    port,
    parameters,
    statements,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
