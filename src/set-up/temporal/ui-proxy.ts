import { randomInt } from 'node:crypto';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * A loopback address of its own for Temporal's Web UI, which checks neither Host nor Origin: a web page, which can only guess addresses,
 * does not find it. Only Linux lets a process listen on all of 127.0.0.0/8 without set-up.
 */
export const hiddenAddress = (): string =>
  process.platform === 'linux' ? `127.${randomInt(1, 255)}.${randomInt(0, 256)}.${randomInt(2, 255)}` : '127.0.0.1';

/** Hosts by which a browser of this machine names the proxy. */
const OWN_NAMES = ['127.0.0.1', 'localhost', '[::1]'];

/**
 * Serves Temporal's Web UI to pages of its own address only. A foreign Host header means a name that was rebound to 127.0.0.1, a foreign
 * Origin a request of another site's page.
 * @param options.port where browsers open it
 * @param options.target where the Web UI listens
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
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** Why a request is refused; undefined where it is not. */
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
