import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, it } from 'vitest';
import { newWork, VenueClient } from '../../src/sources/http/venue-client.ts';
import { plausibleClock } from '../../src/sources/venue-clock.ts';

const BODY = '{"data":[{"price":"0.5"}],"cursor":null}';
const head = (status: string, ...more: string[]): string =>
  `${[`HTTP/1.1 ${status}`, 'content-type: application/json', 'connection: close', ...more].join('\r\n')}\r\n\r\n`;
const whole = (body: string, ...more: string[]): string => head('200 OK', `content-length: ${Buffer.byteLength(body)}`, ...more) + body;

/** What a venue sends, byte by byte, and what is made of it. */
const LIES: readonly (readonly [name: string, bytes: string, type: string, says: RegExp])[] = [
  ['cut-off JSON', whole(BODY.slice(0, 20)), 'SourceUnavailable', /is not whole JSON/],
  ['nothing', whole(''), 'SourceUnavailable', /is not whole JSON/],
  ['two answers in one', whole(BODY + BODY), 'SourceUnavailable', /is not whole JSON/],
  ['a body shorter than it says', head('200 OK', 'content-length: 500') + BODY, 'SourceUnavailable', /cannot be reached/],
  ['a body longer than it says', head('200 OK', 'content-length: 10') + BODY, 'SourceUnavailable', /is not whole JSON/],
  ['a body that ends early', head('200 OK') + BODY.slice(0, 20), 'SourceUnavailable', /is not whole JSON/],
  ['chunks without an end', `${head('200 OK', 'transfer-encoding: chunked')}5\r\n{"a":\r\n`, 'SourceUnavailable', /cannot be reached/],
  [
    'a body that is not gzip although the header says so',
    whole(BODY, 'content-encoding: gzip'),
    'SourceUnavailable',
    /on \/v2\/trades that cannot be unpacked: incorrect header/,
  ],
  ['a compression that was not requested', whole('\u000b\u0002ab', 'content-encoding: br'), 'SourceUnavailable', /is not whole JSON/],
  ['a page of HTML', whole('<html>hello</html>'), 'SourceBlocked', /an HTML page/],
  ['a part', head('206 Partial Content', `content-length: ${BODY.length}`) + BODY, 'SourceUnavailable', /206 .*not a complete answer/],
  ['no content at all', head('204 No Content'), 'SourceUnavailable', /204 .*not a complete answer/],
  [
    'a redirect to itself',
    head('301 Moved Permanently', 'location: /v2/trades', 'content-length: 0'),
    'SourceBlocked',
    /redirect to \/v2\/trades; /,
  ],
  [
    'a redirect to another host, with the key',
    head('302 Found', 'location: https://other.example/?key=0123456789abcdef', 'content-length: 0'),
    'SourceBlocked',
    /redirect to https:\/\/other\.example\/\?key=\*\*\*; a redirect is not followed/,
  ],
  ['another protocol', 'SSH-2.0-OpenSSH_9\r\n', 'SourceUnavailable', /cannot be reached/],
  ['endless headers', `HTTP/1.1 200 OK\r\n${`x-a: ${'b'.repeat(9_000)}\r\n`.repeat(20)}\r\n{}`, 'SourceUnavailable', /cannot be reached/],
];

/** One question to a venue that sends these bytes. */
async function ask(bytes: string): Promise<unknown> {
  const server = createServer((connection) => {
    connection.on('error', () => undefined);
    connection.once('data', () => connection.end(bytes));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = new VenueClient({
    venue: 'polymarket',
    family: 'data-trades',
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    key: { header: 'x-key', value: '0123456789abcdef', environment: 'A_KEY' },
    budget: { take: async () => undefined, pause: async () => undefined },
    backoffMs: 1,
    timeoutMs: 1_000,
  });
  try {
    return await client.bind(newWork('live', new AbortController().signal)).get('/v2/trades');
  } finally {
    await client.close();
    server.close();
  }
}

it.each(LIES)('a venue’s answer with %s is refused with one sentence and the right error type', async (_, bytes, type, message) => {
  const answered = await ask(bytes).then(
    (json) => ({ json }),
    (error: unknown) => error,
  );
  expect(answered).toMatchObject({ type, message: expect.stringMatching(message) });
  expect((answered as Error).message).not.toMatch(/\n|0123456789abcdef/);
});

it('a byte order mark before a venue’s answer is ignored', async () => {
  expect(await ask(whole(`\ufeff${BODY}`))).toEqual(JSON.parse(BODY));
});

it('a venue’s clock is used when it is off by no more than rows may be late', () => {
  const now = Date.UTC(2026, 10, 26);
  const hours = (n: number): number => n * 3_600_000;
  for (const off of [-5, -1, 0, 1, 5]) expect(plausibleClock({ answered: now + hours(off), asOf: now, now })).toBe(now + hours(off));
  for (const off of [-1e6, -9_000, -7, 7, 9_000, 1e6]) expect(plausibleClock({ answered: now + hours(off), asOf: now, now })).toBe(now);
  // a backfill gets the venue's present clock
  expect(plausibleClock({ answered: now, asOf: now - hours(9_000), now })).toBe(now);
  expect(plausibleClock({ answered: now + hours(9_000), asOf: now - hours(9_000), now })).toBe(now);
});
