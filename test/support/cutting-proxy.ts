import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** Error of a server that ends a session through no fault of it: `57P01`, as in a shutdown or after another backend crashed. */
const GOODBYE = ((): Buffer => {
  const fields = Buffer.from('SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0');
  const head = Buffer.alloc(5);
  head.write('E');
  head.writeInt32BE(fields.length + 4, 1);
  return Buffer.concat([head, fields]);
})();

export interface CuttingProxy {
  readonly url: string;
  /** Number of server answers passed on. */
  readonly answers: number;
  close(): Promise<void>;
}

/**
 * A proxy in front of Postgres that ends the session with its n-th answer: either the server's error message arrives in one packet with
 * that answer, or the connection closes without a message.
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
