import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadPlugins } from '../../src/activities/custom/load-plugins.ts';
import { fenceVenues } from '../../src/activities/custom/venue-threads/venue-lane.ts';
import { expandUniverse } from '../../src/activities/run/expand-universes.ts';
import { createCollect } from '../../src/activities/stages/collect/collect.ts';
import { recordedWork } from '../../src/activities/stages/stage-work.ts';
import type { Instrument } from '../../src/contracts/market-data.ts';
import { parseCatalogue } from '../../src/sources/catalogue/parse-catalogue.ts';
import { createSources, rereadRow, type SourceSet } from '../../src/sources/create-sources.ts';
import { createRequestTally } from '../../src/sources/http/request-tally.ts';
import type { Source } from '../../src/sources/source.ts';
import { importSymbols, symbolsByName } from '../../src/storage/markets/catalogue.ts';
import { storedTrades } from '../sources/collect-rig.ts';
import { testDatabase } from '../support/postgres.ts';
import { silent } from '../support/silent.ts';
import { runStage } from '../support/stage-run.ts';

const module = path.resolve(import.meta.dirname, '../plugins/hostile-venue.mjs');
/** The time of this machine: a universe is listed only in runs about the present. */
const NOW = Date.now();
const signal = new AbortController().signal;
const lines: string[] = [];
const requests: string[] = [];
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
    requests.push(searchParams.has('known') ? `${pathname}, ${searchParams.get('known')} known` : pathname);
    const named = (searchParams.get('markets') ?? '').split(',');
    const answers: Record<string, unknown> = {
      '/markets': ['rain'],
      '/listing': searchParams.get('page') === 'a' ? ['rain', 'snow'] : ['wind'],
      '/together': trades.flatMap(({ id, ...trade }) => named.map((market) => ({ ...trade, id: `${market}-${id}`, market }))),
    };
    const answer = answers[pathname] ?? { trades, next: page < 1 ? String(page + 1) : null };
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

async function list(name: string, known: ReadonlySet<string> = new Set()): Promise<readonly string[]> {
  const ids: string[] = [];
  const pages = sourceOf(name).list?.({ rules: [{}], asOf: NOW, known, signal }) ?? [];
  for await (const { matching } of pages) ids.push(...matching);
  return ids;
}
async function together(name: string): Promise<readonly string[] | undefined> {
  const { instruments } = await discover('fair');
  const look = { asOf: NOW, since: NOW - 86_400_000, clock: NOW, worth: 10 };
  return [...((await sourceOf(name).shared?.({ ...look, instruments, signal }))?.keys() ?? [])];
}

describe('a venue of a plugin', () => {
  it('is collected on its thread, and its requests are counted for the task', async () => {
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
  ])('that %s fails alone, and the worker’s event loop stays free', async (name, message) => {
    const { instruments } = await discover(name);
    const turn = new Promise((resolve) => setTimeout(() => resolve('another turn'), 5));
    const failed = collect(name, instruments[0]);
    failed.catch(() => undefined);
    if (name === 'loops') expect(await Promise.race([turn, failed])).toBe('another turn');
    await expect(failed).rejects.toThrow(message);
    expect(await collect('fair')).toBe(6);
  });

  it.each([
    ['universe.list', 'loops', list, /loops next did not end within 1 s and blocked it/],
    ['universe.list', 'exits', list, /its thread was ended: it exited with code 3/],
    ['universe.list', 'fills', list, /its thread was ended: /],
    ['universe.list', 'posts', list, /may not post messages/],
    ['universe.list', 'functions', list, /could not be cloned/],
    ['universe.list', 'shapes', list, /shapes: universe\.list must yield/],
    ['universe.list', 'endless', list, /endless listed 100 pages of markets without a request/],
    ['sharedTrades', 'loops', together, /loops sharedTrades did not end within 1 s and blocked it/],
    ['sharedTrades', 'exits', together, /its thread was ended: it exited with code 3/],
    ['sharedTrades', 'posts', together, /may not post messages/],
    ['sharedTrades', 'functions', together, /could not be cloned/],
    ['sharedTrades', 'shapes', together, /shapes: sharedTrades must return/],
  ])('whose %s %s fails alone, and the worker’s event loop stays free', async (_route, name, run, message) => {
    lines.length = 0;
    const turn = new Promise((resolve) => setTimeout(() => resolve('another turn'), 5));
    const failed = run(name);
    failed.catch(() => undefined);
    if (name === 'loops') expect(await Promise.race([turn, failed])).toBe('another turn');
    await expect(failed).rejects.toThrow(message);
    if (run === together) expect(lines).toContainEqual(expect.stringMatching(/^\w+: the trades of 1 markets together could not be read: /));
    expect(await list('fair')).toEqual(['fair:rain', 'fair:snow', 'fair:wind']);
    expect(await together('fair')).toEqual(['fair:rain']);
  });

  it('whose universe.list and sharedTrades wait without a request fails alone', async () => {
    const failed = await Promise.allSettled([list('waits'), together('waits')]);
    expect(failed.map((each) => (each.status === 'rejected' ? String(each.reason) : each.value))).toEqual([
      expect.stringContaining('waits next did not end within 1 s and waits for no request'),
      expect.stringContaining('waits sharedTrades did not end within 1 s and waits for no request'),
    ]);
  });

  it('that fails while its requests are open leaves room for requests of later calls', async () => {
    const { instruments } = await discover('abandons');
    for (let time = 0; time < 3; time++) await expect(collect('abandons', instruments[0])).rejects.toThrow('the venue gave up');
    expect(await collect('fair')).toBe(6);
  });

  it('that loops in readTrade leaves a quarantined row unchanged', async () => {
    const [instrument] = (await discover('loops-late')).instruments;
    expect(await rereadRow('{"id":"a"}', 'trade', instrument)).toBeUndefined();
    expect(await collect('fair')).toBe(6);
  });

  it('that fills its memory ends only its own thread', async () => {
    await expect(collect('fills')).rejects.toThrow(/its thread was ended: /);
    expect(await collect('fair')).toBe(6);
  });

  it('that throws outside of its routes is named in the log and continues', async () => {
    lines.length = 0;
    for (const run of [collect, list, together]) {
      await run('strays');
      expect(lines.filter((line) => line.includes('threw outside of its tasks'))).toHaveLength(2);
      lines.length = 0;
    }
  });

  it('that floods the log has only the first 500 lines of a minute logged', async () => {
    lines.length = 0;
    for (const run of [collect, list, together]) await run('floods');
    expect(lines.length).toBeLessThanOrEqual(501);
    expect(lines.at(-1)).toMatch(/further lines are dropped/);
  });

  it('cannot access the environment, files, processes or other hosts', async () => {
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

describe('a universe of the venue of a plugin', () => {
  it('is listed and collected on its thread, with the trades of its markets read together', async () => {
    const { database, close } = await testDatabase();
    try {
      await importSymbols(database, parseCatalogue([{ universe: 'SKY', sources: { fair: [{}] } }], 'test'));
      const entry = (await symbolsByName(database, ['SKY'])).get('SKY');
      if (entry === undefined) throw new Error('no universe');
      requests.length = 0;
      for (const added of [3, 0])
        expect(await expandUniverse({ database, sources, entry, asOf: NOW, signal })).toMatchObject({ members: 3, added, problems: [] });
      expect(requests).toEqual([0, 0, 3, 3].map((known) => `/listing, ${known} known`));
      requests.length = 0;
      const about = { runId: 'run', executionId: 'run', symbol: 'SKY.001', stage: 'collect' } as const;
      const settings = { asOf: NOW, daysBack: 1, sourceTypes: ['fair'], refetch: false, intervals: ['1h'], strategies: [] } as const;
      await createCollect({ database, sources })({ ...about, settings }, recordedWork(database, about, { log: silent }));
      for (const stage of ['clean', 'store'] as const) await runStage(database, stage, { ...about, asOf: NOW, daysBack: 1 });
      expect(requests).toEqual(['/together']);
      for (const market of ['rain', 'snow', 'wind'])
        expect((await storedTrades(database, `fair:${market}`)).map(({ tradeId }) => tradeId)).toEqual(
          ['0-2', '0-1', '0-0'].map((id) => `${market}-${id}`),
        );
    } finally {
      await close();
    }
  });
});
