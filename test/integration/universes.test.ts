import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { untrueCoverage } from '../../bench/untrue-coverage.ts';
import type { Faults } from '../../sandbox/faults.ts';
import type { WholeVenue } from '../../sandbox/scale.ts';
import { type SandboxVenue, startSandboxVenue } from '../../sandbox/venue.ts';
import { expandUniverse } from '../../src/activities/run/expand-universes.ts';
import { plannedRun, plannedTasks } from '../../src/cli/plan/planned-run.ts';
import { openUi } from '../../src/cli/run/open-ui.ts';
import { renderLiveTable } from '../../src/cli/terminal/live-table.ts';
import { Closers } from '../../src/closers.ts';
import { PredictLabError } from '../../src/contracts/errors.ts';
import { parseCatalogue } from '../../src/sources/catalogue/parse-catalogue.ts';
import type { SourceSet } from '../../src/sources/create-sources.ts';
import type { ListedPage } from '../../src/sources/source.ts';
import { importSymbols, symbolsByName } from '../../src/storage/markets/catalogue.ts';
import { universeOverviews } from '../../src/storage/markets/universe-overview.ts';
import { universeCounts, universeMembers } from '../../src/storage/markets/universes.ts';
import { runOf } from '../../src/storage/runs/runs.ts';
import { HistoryPages } from '../../src/ui/history-pages.ts';
import { recordEnds } from '../../src/watch/records/record-end.ts';
import { type CollectRig, createCollectRig, NOON, storedTrades, trueTrades } from '../sources/collect-rig.ts';
import { createRig, type Rig } from '../support/rig.ts';
import { SANDBOX_NOW, storedData } from '../support/sandbox-run.ts';
import { silent } from '../support/silent.ts';
import { runStage } from '../support/stage-run.ts';
import { until } from '../support/until.ts';

const HOUR = 3_600_000;
const VENUE = { markets: 100, events: 20, active: 20, tradesPerHour: 200 };

const rigs: CollectRig[] = [];
let clock = NOON;
afterEach(async () => {
  for (const rig of rigs.splice(0)) await rig.close();
  clock = NOON;
});

async function start(wholeVenue: WholeVenue = VENUE): Promise<CollectRig> {
  const rig = await createCollectRig({ now: () => clock, wholeVenue, env: { POLYMARKET_PRICE_POINTS: 'off' } });
  rigs.push(rig);
  return rig;
}

const rules = (rule: object, venue = 'polymarket') => [{ universe: 'PM', sources: { [venue]: [rule] } }];

/** Lists the universe and runs the data stages of its shards, as one run does. */
async function runUniverse(
  rig: CollectRig,
  executionId: string,
  venue = 'polymarket',
  sources = rig.sources,
): Promise<{ requests: number; quiet: number; instruments: number; problems: readonly string[] }> {
  const { database } = rig;
  const entry = (await symbolsByName(database, ['PM'])).get('PM');
  if (entry === undefined) throw new Error('no universe');
  const { problems } = await expandUniverse({ database, sources, entry, asOf: clock, signal: new AbortController().signal });
  const before = rig.venue.requests.length;
  const total = { quiet: 0, instruments: 0 };
  const { shards } = await universeCounts(database, 'PM', clock);
  for (const { shard } of shards) {
    const { collect } = await rig.collectAndStore({ symbol: shard, executionId, sourceTypes: [venue] });
    await runStage(database, 'kline', { symbol: shard, executionId, asOf: clock, intervals: ['1h'] });
    const { quiet, instruments } = collect.output as { quiet: number; instruments: number };
    total.quiet += quiet;
    total.instruments += instruments;
  }
  return { ...total, problems, requests: rig.venue.requests.length - before };
}

describe('a universe', () => {
  it.each([
    ['polymarket', 'conditionId'],
    ['kalshi', 'ticker'],
  ] as const)(
    'of %s stores for each market what the market alone as a symbol stores, byte by byte',
    async (venue, selector) => {
      // Kalshi's limit is 100 requests in 10 seconds
      const offer = venue === 'kalshi' ? { ...VENUE, venue, markets: 10, events: 3, active: 3 } : { ...VENUE, venue };
      const [whole, single] = [await start(offer), await start(offer)];
      await importSymbols(whole.database, parseCatalogue(rules({ active: true }, venue), 'test'), { replace: true });
      let incomplete = 0;
      for (const step of venue === 'kalshi' ? [0, 4, 8] : [0, 4, 8, 32, 36]) {
        clock = NOON + step * HOUR;
        const { requests, quiet, instruments } = await runUniverse(whole, `run-${step}`, venue);
        if (step === 4) {
          expect(quiet).toBeGreaterThan(0.55 * offer.markets);
          expect(requests).toBeLessThan(2 * instruments);
        }
        if (step === 0) {
          const ids = (await universeMembers(whole.database, 'PM', { asOf: clock, limit: null })).map(({ instrument }) => instrument);
          await single.add({ symbol: 'ALONE', sources: { [venue]: ids.map((id) => ({ [selector]: id.slice(venue.length + 1) })) } });
        }
        await single.collectAndStore({ symbol: 'ALONE', executionId: `run-${step}`, sourceTypes: [venue] });
        await runStage(single.database, 'kline', { symbol: 'ALONE', executionId: `run-${step}`, asOf: clock, intervals: ['1h'] });
        const [one, other] = [await storedData(whole.database), await storedData(single.database)];
        expect(one.ticks).toEqual(other.ticks);
        // a candle is not complete where the only evidence is that its venue states no new trade
        const [candles, singles] = [one.candles, other.candles] as { complete: boolean }[][];
        expect(candles.map((candle) => ({ ...candle, complete: null }))).toEqual(singles.map((candle) => ({ ...candle, complete: null })));
        expect(candles.filter(({ complete }, n) => complete && !singles[n].complete)).toEqual([]);
        incomplete += candles.filter(({ complete }, n) => !complete && singles[n].complete).length;
        // time after the end of a market that is no member any more needs no coverage
        const ended = new Set(
          (await universeMembers(whole.database, 'PM', { asOf: NOON, limit: null })).flatMap(({ instrument, until }) =>
            until === null ? [] : [instrument],
          ),
        );
        const covered = ({ coverage }: typeof one): unknown[] => (coverage as { id: string }[]).filter(({ id }) => !ended.has(id));
        expect(covered(one)).toEqual(covered(other));
      }
      if (venue === 'polymarket') expect(incomplete).toBeGreaterThan(0);
      for (const { id } of whole.venue.truth.instruments())
        expect(await storedTrades(whole.database, id)).toEqual(trueTrades(whole, id, { from: NOON - 48 * HOUR, to: clock }));
      // the market that ended was collected to its end, and is no member any more
      const { ended, members } = await universeCounts(whole.database, 'PM', clock);
      expect({ ended, members }).toEqual(venue === 'kalshi' ? { ended: 0, members: 10 } : { ended: 1, members: 99 });
    },
    120_000,
  );
});

describe('the coverage of a universe of 500 markets', () => {
  it('claims no time in which a trade is missing, even when trades appear late', async () => {
    const rig = await start({ markets: 500, events: 80, active: 60, tradesPerHour: 1500 });
    await importSymbols(rig.database, parseCatalogue(rules({ active: true }), 'test'), { replace: true });
    const { truth } = rig.venue;
    for (const step of [0, 4, 8, 12]) {
      clock = NOON + step * HOUR;
      if (step > 0) for (const { id } of truth.instruments().filter((_, n) => n % 25 === step)) rig.venue.addLateTrades(id, 2);
      const { quiet } = await runUniverse(rig, `run-${step}`);
      expect(await untrueCoverage(rig.database, truth, clock)).toEqual([]);
      if (step > 0) expect(quiet).toBeGreaterThan(350);
    }
    const { rows } = await rig.database.query<{ inferred: number }>(
      'select count(*)::int as inferred from coverage where kind = 0 and inferred <> int8multirange()',
    );
    expect(rows[0]?.inferred).toBeGreaterThan(350);
  }, 120_000);
});

describe('a listing that states facts which were unknown before', () => {
  it('stores them without a walk, and walks a market of which another fact has changed', async () => {
    const rig = await start({ markets: 50, events: 10, active: 5, tradesPerHour: 50 });
    const { database } = rig;
    await importSymbols(database, parseCatalogue(rules({ active: true }), 'test'), { replace: true });
    for (const step of [0, 4]) {
      clock = NOON + step * HOUR;
      await runUniverse(rig, `run-${step}`);
    }
    const still = async () =>
      (await database.query<{ instrument: string }>('select instrument from universe_members where walked_at >= moved_at order by 1')).rows;
    const [changed, ...others] = await still();
    // as stored by a version that did not know the category
    await database.query("update universe_members set listed = listed - 'category', print = 'of an earlier version'");
    await database.query(`update universe_members set listed = listed || '{"closesAt": 1}' where instrument = $1`, [changed.instrument]);
    clock += 60_000;
    const entry = (await symbolsByName(database, ['PM'])).get('PM');
    await expandUniverse({ database, sources: rig.sources, entry: entry!, asOf: clock, signal: new AbortController().signal });
    expect(await still()).toEqual(others);
    const { rows } = await database.query("select from universe_members where listed ? 'category' and (listed->>'closesAt')::float8 <> 1");
    expect(rows).toHaveLength(50);
  }, 60_000);
});

describe('a member whose event has ended', () => {
  it('is collected to its end, although the venue’s listing no longer has it', async () => {
    const rig = await start({ markets: 97, events: 97, active: 97, tradesPerHour: 400 });
    await importSymbols(rig.database, parseCatalogue(rules({ active: true }), 'test'), { replace: true });
    for (const step of [0, 4, 8, 32, 36]) {
      clock = NOON + step * HOUR;
      await runUniverse(rig, `run-${step}`);
    }
    const { ended, members } = await universeCounts(rig.database, 'PM', clock);
    expect({ ended, members }).toEqual({ ended: 1, members: 96 });
    for (const { id } of rig.venue.truth.instruments())
      expect(await storedTrades(rig.database, id)).toEqual(trueTrades(rig, id, { from: NOON - 48 * HOUR, to: clock }));
  }, 120_000);

  it('is not stored under the name of a symbol that a user created', async () => {
    const rig = await start();
    await importSymbols(rig.database, parseCatalogue([...rules({ active: true }), { symbol: 'PM.001', sources: {} }], 'test'), {
      replace: true,
    });
    await expect(runUniverse(rig, 'run')).rejects.toThrow('PM.001 is a symbol of the catalogue, and PM needs this name for a shard');
  });
});

/** A source whose listing lies: `lie` receives the honest pages, each with the markets of one event. */
function withListing(
  sources: SourceSet,
  lie: (pages: readonly ListedPage[]) => AsyncIterable<ListedPage> | Iterable<ListedPage>,
): SourceSet {
  const { polymarket } = sources.byType;
  if (polymarket === undefined || 'skipped' in polymarket) throw new Error('no venue');
  const { source } = polymarket;
  return {
    ...sources,
    byType: {
      ...sources.byType,
      polymarket: {
        source: {
          ...source,
          async *list(request) {
            const pages: ListedPage[] = [];
            for await (const page of source.list?.(request) ?? [])
              for (const event of new Set(page.instruments.map((each) => each.event)))
                pages.push({ ...page, instruments: page.instruments.filter((each) => each.event === event) });
            yield* lie(pages);
          },
        },
      },
    },
  };
}

/** The pages with a half of the volume of every second market in the first lying run, a quarter in the second. */
const withParts = (pages: readonly ListedPage[], run: number): ListedPage[] =>
  pages.map((page) => ({
    ...page,
    instruments: page.instruments.map((each, n) =>
      each.stated === undefined || n % 2 === 0
        ? each
        : { ...each, stated: { ...each.stated, volume: (each.stated.volume ?? 0) / 2 ** run } },
    ),
  }));

describe('a universe of a venue whose listing lies', () => {
  it.each<[string, (pages: readonly ListedPage[], run: number) => AsyncIterable<ListedPage> | Iterable<ListedPage>, RegExp[]]>([
    ['sends each page twice', (pages) => pages.flatMap((page) => [page, page]), []],
    [
      'ends in the middle without an error',
      (pages) => pages.slice(0, pages.length / 2),
      [/^polymarket left \d\d open markets out of its listing, such as polymarket:0x[0-9a-f]+, which were found by their ids/],
    ],
    [
      'fails in the middle',
      async function* (pages) {
        yield* pages.slice(0, pages.length / 2);
        throw new PredictLabError('SourceUnavailable', 'polymarket cuts the answer');
      },
      [/^its markets at polymarket could not be listed, the members of the last run are used: .*cuts the answer/],
    ],
    [
      'states lower volumes than before',
      withParts,
      [/^polymarket states lower volumes than before of \d+ markets, such as polymarket:0x[0-9a-f]+: their trades are read/],
    ],
    [
      'has markets that cannot be read',
      (pages) => pages.map((page, n) => ({ ...page, problems: n < 7 ? [`polymarket: market m${n} cannot be read`] : [] })),
      [
        ...Array.from({ length: 5 }, (_, n) => new RegExp(`^polymarket: market m${n} cannot be read$`)),
        /^2 more markets of polymarket cannot be read$/,
      ],
    ],
  ])(
    '%s: it names the problem, and stores every trade and none twice',
    async (_, lie, expected) => {
      const rig = await start();
      const { database } = rig;
      await importSymbols(database, parseCatalogue(rules({ active: true }), 'test'), { replace: true });
      for (const [run, step] of [0, 4, 8, 12].entries()) {
        clock = NOON + step * HOUR;
        const lies = run === 1 || run === 2;
        const { problems } = await runUniverse(
          rig,
          `run-${step}`,
          'polymarket',
          lies ? withListing(rig.sources, (pages) => lie(pages, run)) : rig.sources,
        );
        expect(problems).toEqual(lies ? expected.map((each) => expect.stringMatching(each)) : []);
        expect(await untrueCoverage(database, rig.venue.truth, clock)).toEqual([]);
      }
      for (const { id } of rig.venue.truth.instruments())
        expect(await storedTrades(database, id)).toEqual(trueTrades(rig, id, { from: NOON - 48 * HOUR, to: clock }));
    },
    60_000,
  );

  it('no longer has a market, also not by its id: it names it, and walks it', async () => {
    const rig = await start();
    const { database } = rig;
    await importSymbols(database, parseCatalogue(rules({ active: true }), 'test'), { replace: true });
    await runUniverse(rig, 'first');
    const [{ instrument }] = await universeMembers(database, 'PM', { asOf: clock, limit: 1 });
    rig.venue.setFaults({ missing: [instrument.slice('polymarket:'.length)] });
    clock += 4 * HOUR;
    const { problems } = await runUniverse(rig, 'second');
    expect(problems).toEqual(['1 of its members at polymarket are neither listed nor found by their ids']);
    rig.venue.setFaults({});
    clock += 4 * HOUR;
    expect((await runUniverse(rig, 'third')).problems).toEqual([]);
    expect(await untrueCoverage(database, rig.venue.truth, clock)).toEqual([]);
    expect(await storedTrades(database, instrument)).toEqual(trueTrades(rig, instrument, { from: NOON - 48 * HOUR, to: clock }));
  }, 60_000);
});

describe('a universe of a venue whose pages of trades lie', () => {
  it.each<[string, Faults]>([
    ['repeats pages', { repeatPage: 0.2 }],
    ['repeats rows on the next page, in another order', { repeatRows: 0.4, shuffle: 0.4 }],
    ['cuts answers and is unavailable', { cutInBody: 0.05, unavailable: 0.05 }],
  ])(
    '%s: it stores every trade and none twice',
    async (_, faults) => {
      const rig = await start({ markets: 60, events: 20, active: 20, tradesPerHour: 1500 });
      const { database } = rig;
      await importSymbols(database, parseCatalogue(rules({ active: true }), 'test'), { replace: true });
      rig.venue.setFaults({ ...faults, only: ['/polymarket/data/v2/trades'] });
      for (const step of [0, 4, 8]) {
        clock = NOON + step * HOUR;
        await runUniverse(rig, `run-${step}`);
        expect(await untrueCoverage(database, rig.venue.truth, clock)).toEqual([]);
      }
      for (const { id } of rig.venue.truth.instruments())
        expect(await storedTrades(database, id)).toEqual(trueTrades(rig, id, { from: NOON - 48 * HOUR, to: clock }));
    },
    120_000,
  );
});

describe('a run of a universe', () => {
  let venue: SandboxVenue;
  let rig: Rig;
  let now = SANDBOX_NOW;
  const asOf = new Date(SANDBOX_NOW).toISOString();

  beforeAll(async () => {
    now = SANDBOX_NOW;
    venue = await startSandboxVenue({ now: () => now, wholeVenue: { markets: 40, events: 8, active: 8, tradesPerHour: 40 } });
    rig = await createRig({ env: venue.environment });
    await importSymbols(rig.database, parseCatalogue(rules({ tags: ['politics'] }), 'test'), { replace: true });
  });
  afterAll(async () => {
    await rig.close();
    await venue.close();
  });

  it('lists the markets once, and runs each shard as one symbol, without price points and backtests', async () => {
    const { result, reasons, taskResults } = await rig.run({ symbols: ['PM'], asOf, daysBack: 2, intervals: ['1h'] });
    expect({ result, reasons, tasks: Object.keys(taskResults) }).toEqual({
      result: 'success',
      reasons: [],
      tasks: ['collect', 'clean', 'store', 'kline', 'backtest', 'visualize'].map((stage) => `PM.001/${stage}`),
    });
    expect(taskResults['PM.001/collect'].output).toMatchObject({ members: 10, instruments: 10 });
    expect(venue.requests.filter(({ route }) => /events/.test(route))).toHaveLength(1);
    expect(venue.requests.filter(({ route }) => /prices|book/.test(route))).toEqual([]);
    const { rows } = await rig.database.query('select distinct kind from ticks');
    expect(rows).toEqual([{ kind: 0 }]);
  });

  it('has its pages and says what it does while it lists the markets, before its first task', async () => {
    now = SANDBOX_NOW + HOUR;
    const closers = new Closers(silent);
    const address = await openUi({ env: rig.env, port: 0, closers, log: silent });
    venue.setFaults({ only: ['/polymarket/gamma/events'], slow: 1, slowMs: 8_000 });
    const { runId } = await rig.lab.start({ symbols: ['PM'], asOf: new Date(now).toISOString(), daysBack: 2, intervals: ['1h'] });
    try {
      const listing = /before its first task the run lists the markets of/;
      await until(async () => listing.test(await rig.lab.why(runId, 'PM.001/collect')), { forMs: 7_000 });
      const page = await fetch(`${address}/runs/${runId}`);
      const text = await page.text();
      expect({ status: page.status, text }).toMatchObject({ status: 200, text: expect.stringMatching(listing) });
      // what this run has not collected yet is not missing
      expect(text).not.toMatch(/was not collected/);
      expect(await (await fetch(address)).text()).toContain(runId);
      // the market that a text names comes before its event
      const found = await (await fetch(`${address}/find?text=number+9+happen`)).json();
      expect(found).toMatchObject([{ kind: 'market', name: 'Will number 9 happen?' }, { kind: 'event' }]);
      expect(renderLiveTable(await rig.lab.status(runId), await rig.lab.attempts(runId), { width: 200, now }).join('\n')).toMatch(listing);
    } finally {
      await closers.close();
      venue.setFaults({});
    }
    expect((await rig.lab.result(runId)).result).toBe('success');
    expect((await runOf(rig.database, runId))?.config.symbols).toEqual([{ symbol: 'PM.001', priority: 3 }]);
  });

  it('is recorded as cancelled when it is cancelled while it lists the markets', async () => {
    venue.setFaults({ only: ['/polymarket/gamma/events'], slow: { count: 1 }, slowMs: 3_000 });
    const { runId } = await rig.lab.start({ symbols: ['PM'], asOf: new Date(now).toISOString(), daysBack: 2, intervals: ['1h'] });
    await until(async () => (await runOf(rig.database, runId)) !== undefined);
    await rig.lab.cancel(runId);
    await expect(rig.lab.result(runId)).rejects.toThrow(runId);
    venue.setFaults({});
    await recordEnds(rig.lab, rig.database);
    expect(await runOf(rig.database, runId)).toMatchObject({ result: 'cancelled' });
  });

  it('is degraded, with the reason, where the venue does not list its markets', async () => {
    venue.setFaults({ only: ['/polymarket/gamma/events'], blocked: 1 });
    const asOf = new Date(now).toISOString();
    const { result, reasons, runId } = await rig.run({ symbols: ['PM'], asOf, daysBack: 2, intervals: ['1h'] });
    venue.setFaults({});
    const said = 'PM: its markets at polymarket could not be listed, the members of the last run are used: ';
    expect({ result, reasons }).toEqual({ result: 'degraded', reasons: [expect.stringContaining(said)] });
    expect((await runOf(rig.database, runId))?.status?.reasons).toEqual(reasons);
  });

  it('takes a shard without new trades as successful without running it, and states since when it has none', async () => {
    const run = async () => await rig.run({ symbols: ['PM'], asOf: new Date(now).toISOString(), daysBack: 2, intervals: ['1h'] });
    now = SANDBOX_NOW + 4 * HOUR;
    expect((await run()).taskResults['PM.001/collect'].output).toMatchObject({ members: 10 });
    const before = await storedData(rig.database);
    now += 60_000;
    venue.requests.length = 0;
    const { result, reasons, taskResults, runId } = await run();
    const since = { nothingNewSince: new Date(SANDBOX_NOW + 4 * HOUR).toISOString() };
    expect({ result, reasons, output: taskResults['PM.001/collect'].output, last: taskResults['PM.001/visualize'] }).toMatchObject({
      result: 'success',
      reasons: [],
      output: { ...since, members: 10, quiet: 10 },
      last: { status: 'success', attempts: 0, output: since },
    });
    expect(venue.requests.map(({ route }) => route)).toEqual(['/gamma/events/keyset']);
    expect(await rig.client.workflow.getHandle(runId).query('why', 'PM.001/kline')).toContain(`nothing new since ${since.nothingNewSince}`);
    const { rows } = await rig.database.query('select task_id from ledger where run_id = $1', [runId]);
    expect(rows).toHaveLength(6);
    const after = await storedData(rig.database);
    expect({ ticks: after.ticks, candles: after.candles }).toEqual({ ticks: before.ticks, candles: before.candles });
    // the last minute counts as collected, since the venue states no trade in them
    expect(after.coverage).not.toEqual(before.coverage);
    expect(await untrueCoverage(rig.database, venue.truth, now)).toEqual([]);
  });

  it('has a plan that marks the shards without new trades in the last listing', async () => {
    const input = { symbols: ['PM'], asOf: new Date(now + 60_000).toISOString(), daysBack: 2, intervals: ['1h' as const] };
    const tasks = await plannedTasks(rig.database, await plannedRun(rig.database, input));
    const since = new Date(SANDBOX_NOW + 4 * HOUR).toISOString();
    expect(new Set(tasks.map(({ action, reason }) => `${action}: ${reason}`))).toEqual(
      new Set([`reuse: nothing new since ${since}, if the run's listing shows none either`]),
    );
    const again = await plannedTasks(rig.database, await plannedRun(rig.database, { ...input, intervals: ['5m'] }));
    expect(again.every(({ action }) => action === 'run')).toBe(true);
  });

  it('backtests the members with the largest volume on request', async () => {
    now += 4 * HOUR;
    const input = { symbols: ['PM'], asOf: new Date(now).toISOString(), daysBack: 2, intervals: ['1h' as const] };
    const strategies = [{ name: 'buy-and-hold' }];
    const { result, taskResults } = await rig.run({ ...input, strategies, backtest: { universe: 'top 2 by volume' } });
    expect(result).toBe('success');
    const top = (await universeMembers(rig.database, 'PM', { asOf: now, limit: 2 })).map(({ instrument }) => instrument);
    const { rows } = await rig.database.query<{ id: string }>(
      "select distinct i.id from backtests b join instruments i on i.key = b.instrument where b.symbol = 'PM.001'",
    );
    expect(rows.map(({ id }) => id).sort()).toEqual([...top].sort());
    expect(taskResults['PM.001/backtest'].output).toMatchObject({ backtests: 2 });
    expect(taskResults['PM.001/visualize'].output).toEqual({ pages: 0, bytes: 0 });
  });

  it('is shown by category, with the collected share and the prices that moved', async () => {
    const [{ universe, listedAt, categories, movers }] = await universeOverviews(rig.database);
    expect({ universe, listedAt }).toEqual({ universe: 'PM', listedAt: now });
    expect(categories).toMatchObject([{ category: 'politics', members: 10, open: 10 }]);
    const [{ looked, oldest, covered }] = categories;
    expect(looked).toBeGreaterThanOrEqual(now - HOUR);
    expect(oldest).toBeLessThanOrEqual(looked ?? 0);
    expect(covered).toBeGreaterThan(0.9);
    expect(covered).toBeLessThan(1);
    expect(movers.length).toBeGreaterThan(0);
    expect(new Set(movers.map(({ category }) => category))).toEqual(new Set(['politics']));
    const moves = movers.map(({ before, last }) => Math.abs(last - before));
    expect(moves).toEqual([...moves].sort((a, b) => b - a));
  });

  it('is shown as last read while a page reads it again after a listing', async () => {
    const { database } = rig;
    const pages = new HistoryPages({ database, lab: async () => undefined });
    const listedAt = async () => (await pages.load()).universes?.map((each) => each.listedAt);
    const shown = await listedAt();
    const move = (by: number) =>
      database.query('update universe_listings set as_of = as_of + $1 where as_of = (select max(as_of) from universe_listings)', [by]);
    await move(1);
    await database.transaction(async (transaction) => {
      await transaction.query('lock table universe_members');
      expect(await listedAt()).toEqual(shown);
    });
    await until(async () => (await listedAt())?.[0] === (shown?.[0] ?? 0) + 1);
    await move(-1);
  });

  it('stores no row twice of a market that is also a symbol', async () => {
    const before = await storedData(rig.database);
    const [{ instrument }] = await universeMembers(rig.database, 'PM', { asOf: now, limit: 1 });
    const selector = { conditionId: instrument.slice('polymarket:'.length) };
    await importSymbols(rig.database, [{ symbol: 'ONE', title: '', enabled: true, priority: 3, sources: { polymarket: [selector] } }]);
    const { result, taskResults } = await rig.run({
      asOf: new Date(now).toISOString(),
      daysBack: 2,
      intervals: ['1h'],
      untilStage: 'kline',
    });
    expect(result).toBe('success');
    expect(Object.keys(taskResults).filter((task) => task.endsWith('/collect'))).toEqual(['ONE/collect', 'PM.001/collect']);
    const trades = ({ ticks }: typeof before): unknown[] => (ticks as { kind: number }[]).filter(({ kind }) => kind === 0);
    expect(trades(await storedData(rig.database))).toEqual(trades(before));
  });
});
