import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadPlugins } from '../../src/activities/custom/load-plugins.ts';
import { fenceVenues } from '../../src/activities/custom/venue-threads/venue-lane.ts';
import type { Instrument } from '../../src/contracts/market-data.ts';
import { createSources, rereadRow, type SourceSet } from '../../src/sources/create-sources.ts';
import { createRequestTally } from '../../src/sources/http/request-tally.ts';
import type { Source } from '../../src/sources/source.ts';

const module = path.resolve(import.meta.dirname, '../plugins/hostile-venue.mjs');
const NOW = Date.UTC(2026, 10, 30);
const signal = new AbortController().signal;
const lines: string[] = [];
const log = {
  debug: () => undefined,
  info: (line: string) => void lines.push(line),
  warn: (line: string) => void lines.push(line),
  error: (line: string) => void lines.push(line),
};

let server: Server;
let sources: SourceSet;
let threads: ReturnType<typeof fenceVenues>;

beforeAll(async () => {
  server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    const page = Number(searchParams.get('page') ?? 0);
    const trades = Array.from({ length: 3 }, (_, at) => ({ id: `${page}-${at}`, time: NOW - (3 * page + at) * 60_000, price: 0.5 }));
    const answer = pathname === '/markets' ? ['rain'] : { trades, next: page < 1 ? String(page + 1) : null };
    if (pathname === '/refused') response.statusCode = 404;
    response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  await loadPlugins({ PREDICTLAB_PLUGINS: module });
  threads = fenceVenues({ log, routeMs: 1_000 });
  const env = { HOSTILE_API_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
  sources = createSources({ env });
});
afterAll(async () => {
  await threads.close();
  await sources.close();
  server.close();
});

const sourceOf = (name: string): Source => {
  const found = sources.byType[name];
  if (found === undefined || !('source' in found)) throw new Error(`${name} has no source`);
  return found.source;
};
const discover = (name: string) =>
  sourceOf(name).discover({
    symbol: 'RAIN',
    selectors: [{ market: 'rain' }],
    window: { from: NOW - 86_400_000, to: NOW },
    asOf: NOW,
    known: [],
    signal,
  });
async function collect(name: string, instrument?: Instrument): Promise<number> {
  const [found] = instrument === undefined ? (await discover(name)).instruments : [instrument];
  let rows = 0;
  const pages = sourceOf(name).collect({
    instrument: found,
    selectors: [],
    window: { from: NOW - 86_400_000, to: NOW },
    asOf: NOW,
    clock: NOW,
    before: {
      covered: { trade: [], price: [] },
      looked: { trade: null, price: null },
      isStored: async (given) => given.map(() => false),
      hasTradesBefore: async () => false,
    },
    lateness: 0,
    refetch: false,
    cursor: undefined,
    signal,
  });
  for await (const page of pages) rows += page.rows.length;
  return rows;
}

describe('a venue of a plugin', () => {
  it('collects on its thread, with its requests counted by the task', async () => {
    const tally = createRequestTally();
    expect(await tally.count(() => collect('fair'))).toBe(6);
    expect(tally.answers()).toEqual({ fair: { 200: 3 } });
    const { instruments } = await discover('fair');
    expect(await sourceOf('fair').selectorOf(instruments[0])).toEqual({ market: 'rain' });
    const text = '{"id":"a","time":1,"price":0.5}';
    expect(await rereadRow(text, 'trade', instruments[0])).toMatchObject({ tradeId: 'a', price: 0.5, raw: text });
  });

  it.each([
    ['loops', /did not end within 1 s and blocked it/],
    ['waits', /did not end within 1 s and waits for no request/],
    ['exits', /its thread was ended: it exited with code 3/],
    ['posts', /may not post messages/],
    ['asks', /1000 requests at once/],
    ['functions', /could not be cloned/],
  ])('that %s fails alone, and the event loop of the worker stays free', async (name, message) => {
    const { instruments } = await discover(name);
    const turn = new Promise((resolve) => setTimeout(() => resolve('another turn'), 5));
    const failed = collect(name, instruments[0]);
    failed.catch(() => undefined);
    if (name === 'loops') expect(await Promise.race([turn, failed])).toBe('another turn');
    await expect(failed).rejects.toThrow(message);
    expect(await collect('fair')).toBe(6);
  });

  it('that loops in readTrade leaves a row of the quarantine as it is', async () => {
    const [instrument] = (await discover('loops-late')).instruments;
    expect(await rereadRow('{"id":"a"}', 'trade', instrument)).toBeUndefined();
    expect(await collect('fair')).toBe(6);
  });

  it('that fills its memory ends its thread alone', async () => {
    await expect(collect('fills')).rejects.toThrow(/its thread was ended: /);
    expect(await collect('fair')).toBe(6);
  });

  it('that throws outside of its routes is named in the log, and continues', async () => {
    lines.length = 0;
    expect(await collect('strays')).toBe(0);
    expect(lines.filter((line) => line.includes('threw outside of its tasks'))).toHaveLength(2);
  });

  it('that floods the log has the first 500 lines of a minute there', async () => {
    lines.length = 0;
    expect(await collect('floods')).toBe(0);
    expect(lines.length).toBeLessThanOrEqual(501);
    expect(lines.at(-1)).toMatch(/further lines are dropped/);
  });

  it('reaches neither the environment, files, processes nor other hosts', async () => {
    const failed = await discover('spies').then(JSON.stringify, (error: Error) => error.message);
    expect(JSON.parse(failed)).toEqual({
      env: [],
      fetched: expect.stringMatching(/fetch is not there/),
      read: expect.stringMatching(/readFileSync is not there/),
      killed: expect.stringMatching(/kill is not there/),
      elsewhere: expect.stringMatching(/must start with \//),
    });
  });
});
