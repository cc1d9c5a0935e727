import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/backtest/metrics/distributions.ts';
import { startUiProxy } from '../../src/set-up/temporal/ui-proxy.ts';
import { serveHealth } from '../../src/telemetry/health.ts';
import { serveMetrics } from '../../src/telemetry/listen.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { serveCodec } from '../../src/ui/serve-codec.ts';
import { serveUi } from '../../src/ui/serve-ui.ts';
import { testDatabase } from '../support/postgres.ts';
import { silent } from '../support/silent.ts';

const TOKEN = 'token-of-the-test';
/** Hostile requests per server. */
const REQUESTS = Number(process.env.PREDICTLAB_REQUESTS ?? 300);
const SEED = Number(process.env.PREDICTLAB_SEED ?? 11);

interface Door {
  readonly name: string;
  readonly port: number;
  /** A path that is answered with 200. */
  readonly path: string;
  /** Whether the server answers requests without its token with no data. */
  readonly guarded?: boolean;
  /** Whether requests that change something need a token. */
  readonly refusesPosts?: boolean;
  close(): Promise<void>;
}

const doors: Door[] = [];
const closing: (() => Promise<void>)[] = [];
const warnings: string[] = [];
beforeAll(async () => {
  const { database, close } = await testDatabase();
  closing.push(close);
  const log = { ...silent, warn: (message: string) => void warnings.push(message) };
  const lab = async () => undefined;
  const portOf = (address: string): number => Number(address.split(':').at(-1));
  const ui = { database, home: '/nowhere', lab, plan: async () => [], port: 0, token: TOKEN, log };
  for (const [name, more] of [
    ['ui', {}],
    ['control', { control: true }],
    ['guarded ui', { control: true, guarded: true }],
  ] as const) {
    const { address, close: closeUi } = await serveUi({ ...ui, ...more });
    doors.push({ name, port: portOf(address), path: '/', refusesPosts: true, guarded: 'guarded' in more, close: closeUi });
  }
  const codec = { encode: async <T>(all: T) => all, decode: async <T>(all: T) => all };
  const served = await serveCodec({ codec, port: 0, origins: ['http://127.0.0.1:8233'] });
  doors.push({ name: 'codec', port: portOf(served.address), path: '', close: served.close });
  const health = await serveHealth({ address: '127.0.0.1:0', ready: async () => undefined, log });
  doors.push({ name: 'health', port: portOf(health.address), path: '/healthz', close: health.close });
  const metrics = await serveMetrics({ address: '127.0.0.1:0', metrics: createMetrics(), sdkMetrics: undefined, log });
  doors.push({ name: 'metrics', port: portOf(metrics.address), path: '/metrics', close: metrics.close });
  const target = createServer((incoming, answer) => void incoming.resume().on('end', () => answer.end(`got ${incoming.url}`)));
  await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve));
  closing.push(async () => {
    target.closeAllConnections();
    await new Promise((resolve) => target.close(resolve));
  });
  const free = createServer();
  await new Promise<void>((resolve) => free.listen(0, '127.0.0.1', resolve));
  const { port } = free.address() as AddressInfo;
  await new Promise((resolve) => free.close(resolve));
  const proxy = await startUiProxy({ port, target: { host: '127.0.0.1', port: (target.address() as AddressInfo).port } });
  doors.push({ name: "proxy of Temporal's Web UI", port, path: '/', close: proxy.close });
});
afterAll(async () => {
  for (const close of closing) await close();
});

const METHODS = [
  'GET',
  'GET',
  'GET',
  'POST',
  'POST',
  'HEAD',
  'PUT',
  'DELETE',
  'PATCH',
  'OPTIONS',
  'TRACE',
  'CONNECT',
  'PROPFIND',
  'get',
  'G\0T',
  'FOO BAR',
];
const PATHS = [
  '/',
  '/changes',
  '/runs',
  '/runs/x',
  '/runs/x/events',
  '/runs/x/task?task=a&task=b',
  '/runs/x/symbols/X',
  '/symbols/X',
  '/incidents',
  '/plan',
  '/events',
  '/research',
  '/search?q=%',
  '/schedule/pause',
  '/runs/x/cancel',
  '/runs/x/constructor',
  '/runs/__proto__/__proto__',
  '/healthz',
  '/readyz?x',
  '/metrics',
  '/encode',
  '/a/decode',
  '/../../etc/passwd',
  '/..%2f..%2fetc%2fpasswd',
  '/runs/%2e%2e%2f%2e%2e/events',
  '/%00',
  '/runs/%00',
  '/symbols/%00',
  '/symbols/a%00b',
  '/%',
  '/runs/%zz',
  '/runs/%ff',
  '//evil.example/x',
  '/\\evil.example',
  'http://evil.example/',
  '*',
  '',
  '?token=',
  `/?token=${'x'.repeat(5_000)}`,
  "/runs/';drop table runs;--",
  '/symbols/%3Cscript%3E',
  `/${'a/'.repeat(3_000)}`,
  `/runs/${'%F0%9F%98%80'.repeat(900)}`,
  '/runs/\x80\xff',
];
const BODIES = [
  '',
  'null',
  '7',
  '[]',
  '{}',
  '{"symbols":null}',
  '{"__proto__":{"a":1}}',
  '['.repeat(50_000),
  '{"a":'.repeat(20_000),
  '\x00\xff\xfe',
  '"\\ud800"',
  'x'.repeat(1_200_000),
  '{"payloads":[{"metadata":{"encoding":7}}]}',
  '{"payloads":[{}]}',
];

interface Hostile {
  readonly bytes: string;
  readonly method: string;
  readonly hasToken: boolean;
  /** How the client sends: all at once, with pauses, or the first part only. */
  readonly how: 'whole' | 'drips' | 'part';
}

/** One made-up request: a third break the rules of HTTP, the others reach the routes; of these, a fifth have the token. */
function hostile(next: () => number, port: number): Hostile {
  const pick = <T>(all: readonly T[]): T => all[Math.floor(next() * all.length)];
  const sometimes = (share: number, ...lines: string[]): string[] => (next() < share ? lines : []);
  const own = `127.0.0.1:${port}`;
  const breaks = next() < 0.33;
  const hasToken = !breaks && next() < 0.2;
  const method = breaks ? pick(METHODS) : pick(METHODS.slice(0, 8));
  const body = next() < 0.5 ? '' : pick(BODIES);
  const lengths = [
    [`Content-Length: ${body.length}`],
    [`Content-Length: ${body.length}`],
    [`Content-Length: ${body.length + 50}`],
    ['Content-Length: -1'],
    ['Content-Length: 1e3'],
    ['Content-Length: 99999999999999999999'],
    ['Content-Length: 1', 'Content-Length: 2'],
    ['Content-Length: 3', 'Transfer-Encoding: chunked'],
    ['Transfer-Encoding: chunked'],
    ['Transfer-Encoding: chunked, identity'],
    ['Transfer-Encoding: xchunked'],
  ];
  const length = breaks ? pick(lengths) : lengths[0];
  const hosts = [
    [`Host: ${own}`],
    [`Host: ${own}`],
    [`Host: ${own}`],
    [`Host: localhost:${port}`],
    ['Host: evil.example'],
    [`Host: evil.example:${port}`],
    [`Host: ${own}`, 'Host: evil.example'],
    [`Host: evil.example@${own}`],
    [`Host: ${own}.evil.example`],
    [`Host: [::1]:${port}`],
    ['Host: '],
    ['Host: a b'],
    [],
  ];
  const lines = [
    `${method} ${pick(PATHS)} HTTP/${breaks ? pick(['1.1', '1.1', '1.0', '2.0', '9']) : '1.1'}`,
    ...(breaks ? pick(hosts) : next() < 0.85 ? hosts[0] : pick(hosts.slice(3, 6))),
    ...sometimes(
      0.2,
      `Origin: ${pick(['null', 'http://evil.example', `http://${own}`, `https://${own}`, 'file://', '%', `http://${own}@evil.example`])}`,
    ),
    ...(hasToken ? [`Authorization: Bearer ${TOKEN}`] : []),
    ...sometimes(
      hasToken ? 0 : 0.3,
      `Authorization: ${pick(['Bearer', 'Bearer x', `Bearer ${'x'.repeat(8_000)}`, 'Basic eDp4', `Bearer ${TOKEN.slice(0, -1)}`, `bearer ${TOKEN}x`])}`,
    ),
    ...sometimes(0.2, `Cookie: ${pick(['predictlab_token=', `predictlab_token=${TOKEN}x`, ';;;==', 'x'.repeat(4_000)])}`),
    ...sometimes(
      0.4,
      `Content-Type: ${pick(['application/json', 'text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', 'a/b; charset=\xff', 'application/json; charset=utf-7'])}`,
    ),
    ...sometimes(0.3, `Accept: ${pick(['text/html', '*/*', 'text/event-stream', 'x'.repeat(3_000)])}`),
    ...sometimes(0.2, 'Accept-Encoding: gzip'),
    ...sometimes(0.1, 'Expect: 100-continue'),
    ...sometimes(breaks ? 0.1 : 0, 'Upgrade: websocket', 'Connection: Upgrade'),
    ...sometimes(0.1, `Last-Event-ID: ${pick(['-1', '\xff', '9'.repeat(400)])}`),
    ...sometimes(breaks ? 0.1 : 0, ' folded: line'),
    ...sometimes(breaks ? 0.1 : 0, 'X\0Y: z'),
    ...sometimes(breaks ? 0.1 : 0, `X: ${'x'.repeat(100_000)}`),
    ...sometimes(breaks ? 0.1 : 0, ...Array.from({ length: 2_500 }, (_, i) => `X-${i}: y`)),
    ...(body === '' && next() < 0.7 ? [] : length),
    ...sometimes(0.6, 'Connection: close'),
  ];
  const chunked = length.some((line) => line.startsWith('Transfer')) && next() < 0.7;
  const lie = pick([0, 0, 1, -1, 1e9]);
  const sent = chunked
    ? `${(body.length + lie).toString(16)}\r\n${body}\r\n${pick(['0\r\n\r\n', '0\r\nHost: evil\r\n\r\n', 'zz\r\n', ''])}`
    : body;
  return {
    bytes: `${lines.join('\r\n')}\r\n\r\n${sent}`,
    method,
    hasToken,
    how: breaks ? pick(['whole', 'drips', 'part'] as const) : 'whole',
  };
}

/** Sends bytes as they are; returns what came back until the server was quiet or closed. */
const send = (port: number, { bytes, how }: Pick<Hostile, 'bytes' | 'how'>, patienceMs = 600): Promise<string> =>
  new Promise((resolve) => {
    let answer = '';
    let quiet: NodeJS.Timeout | undefined;
    const done = (): void => {
      clearTimeout(quiet);
      socket.destroy();
      resolve(answer);
    };
    const all = Buffer.from(bytes, 'latin1');
    const wait = (ms: number): void => {
      clearTimeout(quiet);
      quiet = setTimeout(done, ms);
    };
    const socket: Socket = connect(port, '127.0.0.1', () => {
      wait(patienceMs);
      if (how === 'whole') return void socket.write(all);
      if (how === 'part') return void socket.write(all.subarray(0, all.length / 2));
      for (let at = 0; at < 10; at++) setTimeout(() => void socket.write(all.subarray(at * 7, at * 7 + 7)), 5 * at);
    });
    socket.on('data', (chunk) => {
      if (answer.length < 100_000) answer += chunk.toString('latin1');
      wait(50);
    });
    socket.on('error', done);
    socket.on('close', done);
  });

const get = async (port: number, path: string, more = ''): Promise<string> =>
  await send(port, { bytes: `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n${more}\r\n`, how: 'whole' }, 20_000);
const isAlive = async ({ port, path, guarded }: Door): Promise<void> => {
  const answer = await get(port, path || '/', guarded ? `Authorization: Bearer ${TOKEN}\r\n` : '');
  expect(answer.slice(0, 100)).toMatch(path === '' ? /^HTTP\/1\.1 404/ : /^HTTP\/1\.1 200/);
};

const heapMb = (): number => {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed / 1024 ** 2;
};

describe.each(['ui', 'control', 'guarded ui', 'codec', 'health', 'metrics', "proxy of Temporal's Web UI"])('the %s', (name) => {
  const door = (): Door => doors.find((one) => one.name === name)!;

  it(`answers ${REQUESTS} hostile requests with a reason, and every later request as usual`, async () => {
    const { port, refusesPosts, guarded } = door();
    const next = seededRandom(SEED);
    const before = heapMb();
    const requests = Array.from({ length: REQUESTS }, () => hostile(next, port));
    let answered = 0;
    const one = async (): Promise<void> => {
      for (let request = requests.pop(); request !== undefined; request = requests.pop()) {
        const answer = await send(port, request);
        if (answer === '') continue;
        answered++;
        const about = `${request.how}: ${request.bytes.slice(0, 600)}\n→ ${answer.slice(0, 600)}`;
        const statuses = [...answer.matchAll(/(?:^|\n)HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status));
        expect(statuses.length, about).toBeGreaterThan(0);
        // a failure of the server's own would be a 500
        expect(
          statuses.filter((status) => status === 500),
          about,
        ).toEqual([]);
        for (const status of statuses) if (status > 500) expect(answer, about).toMatch(/\r\n\r\n[^]*[a-z]{4,} [a-z]/);
        expect(answer, about).not.toMatch(/\bat [\w.]+ \(|node:internal|\/src\/|root:x:/);
        const reads = /^(GET|HEAD)$/.test(request.method);
        if (!request.hasToken && (guarded || (refusesPosts && !reads)))
          expect(
            statuses.filter((status) => status >= 200 && status < 400),
            about,
          ).toEqual([]);
      }
    };
    await Promise.all(Array.from({ length: 40 }, one));
    expect(answered).toBeGreaterThan(0);
    await isAlive(door());
    expect(heapMb() - before).toBeLessThan(60);
  }, 120_000);

  it('answers beside 200 connections that send only half a request, and closes together with them', async () => {
    const { port, close } = door();
    const slow = Array.from({ length: 200 }, (_, i) => {
      const socket = connect(port, '127.0.0.1', () =>
        socket.write(
          i % 2 ? 'GET / HTTP/1.1\r\nHost: 127' : `POST /runs HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Length: 100\r\n\r\n{`,
        ),
      );
      return socket.on('error', () => undefined).resume();
    });
    await Promise.all(slow.map((socket) => new Promise((resolve) => socket.once('connect', resolve).once('close', resolve))));
    await isAlive(door());
    await close();
    await Promise.all(slow.filter(({ closed }) => !closed).map((socket) => new Promise((resolve) => socket.once('close', resolve))));
  }, 60_000);
});

it('a hostile request is never logged as a failure of the server', () =>
  // a control with the token reaches for Temporal, which does not run here
  expect(warnings.filter((warning) => !warning.includes('Temporal cannot be reached'))).toEqual([]));
