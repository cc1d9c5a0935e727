import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import type { RateBudget } from '../../src/budget/rate-limits.ts';
import { PredictLabError } from '../../src/contracts/errors.ts';
import { createRequestTally } from '../../src/sources/http/request-tally.ts';
import { newWork, VenueClient, type VenueClientOptions } from '../../src/sources/http/venue-client.ts';

const KEY = 'secret-key-0123456789';

type Handler = (request: IncomingMessage, response: ServerResponse, count: number) => void;

let server: Server | undefined;
let client: VenueClient | undefined;
afterEach(async () => {
  await client?.close();
  server?.closeAllConnections();
  await new Promise((resolve) => server?.close(resolve) ?? resolve(undefined));
});

class WatchedBudget implements RateBudget {
  taken = 0;
  readonly pauses: number[] = [];
  async take(): Promise<void> {
    this.taken++;
  }
  async pause(_family: string, waitMs: number): Promise<void> {
    this.pauses.push(waitMs);
  }
}

const budget = (): WatchedBudget => new WatchedBudget();

/** A venue of one route, under a path prefix, and a client for it. */
async function venue(handler: Handler, options: Partial<VenueClientOptions> = {}): Promise<WatchedBudget> {
  let count = 0;
  server = createServer((request, response) => handler(request, response, ++count));
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const watched = budget();
  const key = { header: 'x-api-key', value: KEY, environment: 'PREDICT_API_KEY' };
  client = new VenueClient({
    venue: 'predict',
    family: 'general',
    baseUrl: `http://127.0.0.1:${port}/prefix/`,
    key,
    budget: watched,
    backoffMs: 2,
    timeoutMs: 400,
    ...options,
  });
  return watched;
}

async function get(signal = new AbortController().signal) {
  const work = newWork('live', signal);
  const query = [
    ['slug', 'a b'],
    ['slug', 'c&d'],
  ] as const;
  const json = await (client as VenueClient).bind(work).get('/v1/things', query);
  return { json, requests: work.requests };
}

const sendJson = (response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void => {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
};

/** The error that a request ends with. */
async function failure(): Promise<PredictLabError> {
  const error: unknown = await get().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(PredictLabError);
  return error as PredictLabError;
}

describe('an unusual answer of a venue', () => {
  it('is decompressed up to a limit, however small it arrived, and is not requested again', async () => {
    const bomb = gzipSync(Buffer.alloc(80 * 2 ** 20));
    let asked = 0;
    await venue(
      (_, response, count) => {
        asked = count;
        response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end(bomb);
      },
      { largestBody: 2 ** 20, timeoutMs: 5000 },
    );
    const before = process.memoryUsage().arrayBuffers;
    const error = await failure();
    expect(error).toMatchObject({
      type: 'SourceSchemaChanged',
      message: expect.stringContaining('more than 1 MB on /v1/things') as string,
    });
    expect(asked).toBe(1);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(40 * 2 ** 20);
  });

  it('that never ends is aborted at the overall timeout, even if each part arrives in time', async () => {
    const timers = new Set<NodeJS.Timeout>();
    await venue(
      (_, response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        const timer = setInterval(() => response.write(' '), 20);
        timers.add(timer);
        response.on('close', () => clearInterval(timer));
      },
      { timeoutMs: 400, totalMs: 300, tries: 2 },
    );
    expect(await failure()).toMatchObject({
      type: 'SourceUnavailable',
      message: 'predict did not end its answer on /v1/things within 0.3 s',
    });
    expect(timers.size).toBe(2);
    for (const timer of timers) clearInterval(timer);
  });

  it('has invalid Unicode replaced in texts and keys: half characters and U+0000', async () => {
    const body = '{"title":"a\\ud83d b\\u0000c","pair":"\\ud83d\\ude00","\\udc00":["\\ud800"],"__proto__":{"x":1},"escaped":"\\\\ud83d"}';
    await venue((_, response) => response.writeHead(200, { 'content-type': 'application/json' }).end(body));
    const { json } = await get();
    expect(JSON.parse(JSON.stringify(json))).toEqual(
      JSON.parse('{"title":"a\ufffd b\ufffdc","pair":"😀","\ufffd":["\ufffd"],"__proto__":{"x":1},"escaped":"\\\\ud83d"}'),
    );
    expect(Object.getPrototypeOf(json)).toBe(Object.prototype);
    expect(({} as { x?: number }).x).toBeUndefined();
  });
});

describe('the requests to a venue are counted', () => {
  it('one by one with retries, for the task that made them', async () => {
    await venue((_, response, count) => (count % 2 === 1 ? sendJson(response, 503, { message: 'away' }) : sendJson(response, 200, {})), {
      host: 'data',
    });
    const [mine, other] = [createRequestTally(), createRequestTally()];
    await mine.count(async () => {
      await get();
      await get();
    });
    await other.count(async () => undefined);
    await get();
    expect(mine.answers()).toEqual({ 'predict/data': { '503': 2, '200': 2 } });
    expect([mine.isClean, other.isClean]).toEqual([false, true]);
  });
});

describe('a request to a venue', () => {
  it('keeps the prefix of the base URL, may repeat query keys, sends the key and accepts gzip', async () => {
    let url: string | undefined;
    let header: unknown;
    await venue((request, response) => {
      ({ url } = request);
      header = request.headers['x-api-key'];
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end(gzipSync('{"ok":true}'));
    });
    expect(await get()).toMatchObject({ json: { ok: true }, requests: 1 });
    expect(url).toBe('/prefix/v1/things?slug=a%20b&slug=c%26d');
    expect(header).toBe(KEY);
  });

  it.each<[string, Handler]>([
    ['a 503', (_, response) => sendJson(response, 503, { error: 'busy' })],
    ['a connection that breaks before the answer', (request) => request.socket.destroy()],
    [
      'a connection that breaks in the middle of the body',
      (request, response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' }).write('{"ok":');
        setTimeout(() => request.socket.destroy(), 5);
      },
    ],
    ['an answer that is not whole', (_, response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{"ok":')],
    ['an answer that never comes', () => undefined],
    ['a body that stops coming', (_, response) => void response.writeHead(200, { 'content-length': '9' }).write('{')],
  ])('succeeds after %s', async (_, fault) => {
    const watched = await venue((request, response, count) =>
      count === 1 ? fault(request, response, count) : sendJson(response, 200, { count }),
    );
    expect(await get()).toMatchObject({ json: { count: 2 }, requests: 2 });
    expect(watched.taken).toBe(2);
  });

  it('fails when a venue stays unavailable, with an error that is retried later', async () => {
    let asked = 0;
    await venue((_, response, count) => {
      asked = count;
      sendJson(response, 503, { success: false, message: 'maintenance' });
    });
    const error = await failure();
    expect(error).toMatchObject({ type: 'SourceUnavailable', retryable: true });
    expect(error.message).toBe('predict answered 503 on /v1/things: maintenance');
    expect(asked).toBe(4);
  });

  it('pauses the whole budget for the wait of a 429, and succeeds after it', async () => {
    const watched = await venue((_, response, count) =>
      count === 1 ? sendJson(response, 429, { error: 'slow down' }, { 'retry-after': '0.05' }) : sendJson(response, 200, {}),
    );
    await get();
    expect(watched.pauses).toEqual([50]);
  });

  it('fails with the wait when the venue requests a long one', async () => {
    const watched = await venue((_, response) => sendJson(response, 429, { error: 'slow down' }, { 'retry-after': '120' }));
    expect(await failure()).toMatchObject({ type: 'RateLimited', retryAfterMs: 120_000 });
    expect(watched.taken).toBe(1);
  });

  it.each([
    [400, 'BadInput'],
    [404, 'BadInput'],
    [422, 'BadInput'],
    [401, 'SourceUnauthorized'],
    [403, 'SourceUnauthorized'],
  ] as const)('is not repeated after %i, and its error has the venue’s message', async (status, type) => {
    const watched = await venue((_, response) => sendJson(response, status, { message: 'the venue says why' }));
    const error = await failure();
    expect(error).toMatchObject({ type, retryable: false });
    expect(error.message).toContain(`predict answered ${status} on /v1/things: the venue says why`);
    expect(watched.taken).toBe(1);
  });

  it.each([300, 308, 399])('fails after the redirect %i, with the address that it points to', async (status) => {
    await venue((_, response) =>
      response.writeHead(status, { 'content-type': 'text/html', location: 'https://new.example/' }).end('<html>'),
    );
    expect(await failure()).toMatchObject({
      type: 'SourceBlocked',
      message: expect.stringContaining('a redirect to https://new.example/'),
    });
  });

  it.each([403, 200, 404])('treats an HTML page with status %i as a block of this address, after a second request', async (status) => {
    const watched = await venue((_, response) =>
      response.writeHead(status, { 'content-type': 'text/html' }).end('<!doctype html><h1>Blocked</h1>'),
    );
    expect(await failure()).toMatchObject({ type: 'SourceBlocked', retryable: false });
    expect(watched.taken).toBe(2);
  });

  it('treats an HTML page with status 502 as an unavailable venue', async () => {
    await venue((_, response) => response.writeHead(502, { 'content-type': 'text/html' }).end('<html>bad gateway</html>'));
    expect(await failure()).toMatchObject({ type: 'SourceUnavailable' });
  });

  it('fails with the variable of a refused key, and never shows the key, even when the venue does', async () => {
    await venue((_, response) => sendJson(response, 401, { message: `the key ${KEY} is not valid` }));
    const error = await failure();
    expect(error.message).toContain('PREDICT_API_KEY');
    expect(JSON.stringify([error.message, error.stack, String(error.cause)])).not.toContain(KEY);
  });

  it('has its key removed from the venue’s data, unless the key is an ordinary word', async () => {
    const row = { market: 'key-market', key: 1, note: `sent with ${KEY}`, marker: 'k' };
    await venue((_, response) => sendJson(response, 200, row));
    expect(await get()).toMatchObject({ json: { ...row, note: 'sent with ***' } });
    for (const value of ['k', 'key', 'key-market-2']) {
      await client?.close();
      server?.close();
      await venue((_, response) => sendJson(response, 200, row), { key: { header: 'x-api-key', value, environment: 'PREDICT_API_KEY' } });
      expect(await get()).toMatchObject({ json: row });
    }
  });

  it('fails with the address that cannot be reached', async () => {
    client = new VenueClient({ venue: 'polymarket', family: 'data-general', baseUrl: 'http://127.0.0.1:9', budget: budget(), tries: 1 });
    expect((await failure()).message).toContain('polymarket cannot be reached at http://127.0.0.1:9/v1/things');
  });

  it('ends at once when it is cancelled, with the reason', async () => {
    const controller = new AbortController();
    await venue(() => controller.abort(new Error('cancelled by the user')), { timeoutMs: 5000 });
    await expect(get(controller.signal)).rejects.toThrow('cancelled by the user');
  });

  it('accepts a bare NaN as a bad number, not as a bad page', async () => {
    await venue((_, response) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"price": NaN, "title": "a: NaN, b", "sizes": [1, -Infinity]}'),
    );
    expect(await get()).toMatchObject({ json: { price: 'NaN', title: 'a: NaN, b', sizes: [1, '-Infinity'] } });
  });

  it('reuses its connections', async () => {
    const sockets = new Set<unknown>();
    await venue(
      (request, response) => {
        sockets.add(request.socket);
        sendJson(response, 200, {});
      },
      { connections: 3 },
    );
    await Promise.all(Array.from({ length: 30 }, () => get()));
    expect(sockets.size).toBeLessThanOrEqual(3);
  });
});
