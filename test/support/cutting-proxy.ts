import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** What a server says before it ends a session that is not to blame: `57P01`, as in a shut-down or after another backend crashed. */
const GOODBYE = ((): Buffer => {
  const fields = Buffer.from('SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0');
  const head = Buffer.alloc(5);
  head.write('E');
  head.writeInt32BE(fields.length + 4, 1);
  return Buffer.concat([head, fields]);
})();

export interface CuttingProxy {
  readonly url: string;
  /** How many answers of the server went through. */
  readonly answers: number;
  close(): Promise<void>;
}

/**
 * Stands before a Postgres and ends the session with its n-th answer: the server's farewell comes in one piece with that answer, so that it is read
 * before anybody had a turn, or the connection is gone without a word.
 */
export async function cuttingProxy(
  url: string,
  { after, farewell }: { readonly after: number; readonly farewell: boolean },
): Promise<CuttingProxy> {
  const target = new URL(url);
  const folder = target.searchParams.get('host');
  const sockets = new Set<Socket>();
  let answers = 0;
  const server = createServer((near) => {
    const far = folder === null ? connect(Number(target.port || 5432), target.hostname) : connect(`${folder}/.s.PGSQL.5432`);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => [near, far].forEach((one) => one.destroy()));
    }
    near.pipe(far);
    far.on('data', (data: Buffer) => {
      answers++;
      if (answers !== after) return void near.write(data);
      near.end(farewell ? Buffer.concat([data, GOODBYE]) : data);
      far.destroy();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  target.searchParams.delete('host');
  target.hostname = '127.0.0.1';
  target.port = String((server.address() as AddressInfo).port);
  return {
    url: target.toString(),
    get answers() {
      return answers;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
