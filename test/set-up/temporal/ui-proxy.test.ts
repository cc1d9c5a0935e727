import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { startUiProxy } from '../../../src/set-up/temporal/ui-proxy.ts';

const opened: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each.close();
});

const freePort = async (): Promise<number> => {
  const server = createTcpServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
};

/** A proxy in front of a server that answers with the path that it received. */
async function proxy({ targetIsUp = true } = {}): Promise<number> {
  const target: Server = createServer((incoming, answer) => incoming.resume().on('end', () => answer.end(`got ${incoming.url}`)));
  await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve));
  const { port: behind } = target.address() as AddressInfo;
  if (targetIsUp) opened.push({ close: () => target.closeAllConnections() }, target);
  else await new Promise((resolve) => target.close(resolve));
  const port = await freePort();
  opened.push(await startUiProxy({ port, target: { host: '127.0.0.1', port: behind } }));
  return port;
}

/** The first line and the body of the answer to bytes as they are. */
const send = (port: number, text: string): Promise<string> =>
  new Promise((resolve) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(Buffer.from(text, 'latin1')));
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
    });
    socket.on('error', () => resolve(answer));
    socket.on('close', () => resolve(answer));
  });

const get = (port: number, path: string, more = '') =>
  `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n${more}\r\n`;

it.each<readonly [what: string, request: (port: number) => string, status: RegExp]>([
  ['a path of bytes over 0x7f', (port) => get(port, '/\x80\xff'), /^HTTP\/1\.1 (200|400)/],
  ['a path out of the folder', (port) => get(port, '/../../etc/passwd'), /got \/\.\.\/\.\.\/etc\/passwd/],
  ['an address of another server', (port) => get(port, 'http://evil.example/x'), /^HTTP\/1\.1 200/],
  ['headers of 100 KB', (port) => get(port, '/', `X: ${'x'.repeat(100_000)}\r\n`), /^HTTP\/1\.1 431/],
  ['an upgrade', (port) => get(port, '/', 'Upgrade: websocket\r\n'), /^HTTP\/1\.1 200/],
  ['two lengths', (port) => get(port, '/', 'Content-Length: 1\r\nTransfer-Encoding: chunked\r\n'), /^HTTP\/1\.1 400/],
  ['no HTTP', () => '\x16\x03\x01\x02\r\n\r\n', /^HTTP\/1\.1 400/],
  [
    'a second Host',
    (port) => `GET / HTTP/1.1\r\nHost: evil.example\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`,
    /^HTTP\/1\.1 40[03]/,
  ],
  ['no Host', () => 'GET / HTTP/1.0\r\n\r\n', /^HTTP\/1\.1 403/],
])('the proxy of the Web UI survives %s', async (_, request, status) => {
  const port = await proxy();
  expect(await send(port, request(port))).toMatch(status);
  expect(await send(port, get(port, '/next'))).toMatch(/got \/next$/);
});

it('the proxy of the Web UI answers 502 while the UI is down, and closes together with connections that send nothing', async () => {
  const port = await proxy({ targetIsUp: false });
  expect(await send(port, get(port, '/'))).toMatch(/^HTTP\/1\.1 502[^]*does not answer/);
  const idle = send(port, 'GET / HTTP/1.1\r\nHost: ');
  await opened.pop()?.close();
  expect(await idle).toBe('');
});
