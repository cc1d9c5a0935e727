import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * A random loopback address for Temporal's Web UI, which checks neither Host nor Origin. A web page does not find it, because it can only
 * guess addresses. Only on Linux, where a process may listen on all of 127.0.0.0/8; elsewhere 127.0.0.1.
 */
export const hiddenAddress = (): string =>
  process.platform === 'linux' ? `127.${randomInt(1, 255)}.${randomInt(0, 256)}.${randomInt(2, 255)}` : '127.0.0.1';

/** Host names under which a browser on this machine may address the proxy. */
const OWN_NAMES = ['127.0.0.1', 'localhost', '[::1]'];

/**
 * Serves Temporal's Web UI to its own pages only. It refuses another Host header, which means that a foreign name was rebound to 127.0.0.1,
 * and another Origin, which means that a page of another site sends the request.
 * @param options.port port that browsers open
 * @param options.target host and port on which the Web UI listens
 */
export async function startUiProxy({
  port,
  target,
}: {
  port: number;
  target: { readonly host: string; readonly port: number };
}): Promise<{ close(): Promise<void> }> {
  const server = createServer((incoming, answer) => {
    const refusal = refusalOf(incoming, (server.address() as AddressInfo).port);
    if (refusal === undefined) return forward(incoming, answer, target);
    answer.writeHead(403, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' }).end(`${refusal}\n`);
  });
  await once(server.listen(port, '127.0.0.1'), 'listening');
  return {
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** Why a request is refused; undefined if it is not refused. */
function refusalOf({ headers }: IncomingMessage, port: number): string | undefined {
  const hosts = OWN_NAMES.map((name) => `${name}:${port}`);
  if (!hosts.includes((headers.host ?? '').toLowerCase())) return 'this server answers only as 127.0.0.1 or localhost';
  const origins = hosts.map((host) => `http://${host}`);
  return headers.origin === undefined || origins.includes(headers.origin.toLowerCase())
    ? undefined
    : 'requests of other sites are not accepted';
}

function forward(incoming: IncomingMessage, answer: ServerResponse, target: { readonly host: string; readonly port: number }): void {
  const { method, url: path, headers } = incoming;
  const outgoing = request({ ...target, method, path, headers }, (theirs) => {
    answer.writeHead(theirs.statusCode ?? 502, { ...theirs.headers, 'x-frame-options': 'DENY' });
    theirs.pipe(answer);
    theirs.once('error', () => answer.destroy());
  });
  outgoing.once('error', () => {
    if (answer.headersSent) answer.destroy();
    else
      answer.writeHead(502, { 'content-type': 'text/plain; charset=utf-8' }).end('Temporal’s Web UI does not answer; reload in a moment\n');
  });
  answer.once('close', () => outgoing.destroy());
  incoming.pipe(outgoing);
}
