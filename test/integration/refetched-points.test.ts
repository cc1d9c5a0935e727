import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createCollect } from '../../src/activities/stages/collect/collect.ts';
import { recordedWork } from '../../src/activities/stages/stage-work.ts';
import { seededRandom } from '../../src/backtest/metrics/distributions.ts';
import type { Json } from '../../src/contracts/run/pipeline-input.ts';
import type { Http, QueryPairs } from '../../src/sources/http/venue-client.ts';
import { venueFailure } from '../../src/sources/http/venue-error.ts';
import { collectPrices } from '../../src/sources/polymarket/prices.ts';
import type { PriceCursor, Source } from '../../src/sources/source.ts';
import { importSymbols } from '../../src/storage/markets/catalogue.ts';
import { verifyData } from '../../src/storage/verify/verify.ts';
import { empty, type TestDatabase, testDatabase } from '../support/postgres.ts';
import { silent } from '../support/silent.ts';
import { DAY, HOUR, instrument, runStages } from '../support/stage-run.ts';

const RECORDED = path.resolve('../shared/data/pm-prices-history-2026/norway_test_try.csv');
const KEPT: Readonly<Record<number, number>> = { 60: 7 * DAY, 300: 60 * DAY, 1800: 90 * DAY };
const INTERVALS = ['5m', '1h', '4h', '1d'] as const;

interface Priced {
  readonly time: number;
  readonly price: number;
}

/** Prices of a month as they were recorded: every ten minutes or so. */
const recorded = (): readonly Priced[] =>
  readFileSync(RECORDED, 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(','))
    .map(([, time, price]) => ({ time: Date.parse(`${time.replace(' ', 'T')}Z`), price: Number(price) }));

/** A month of made-up prices, some minutes apart, with quiet hours. */
function madeUp(): readonly Priced[] {
  const random = seededRandom(11);
  const prices: Priced[] = [];
  let price = 0.4;
  for (let time = Date.UTC(2026, 4, 26, 16, 40); time < Date.UTC(2026, 5, 26, 16); ) {
    price = Math.min(0.95, Math.max(0.05, price + Math.round((random() - 0.5) * 6) / 200));
    prices.push({ time, price: Math.round(price * 1000) / 1000 });
    time += random() < 0.02 ? 5 * HOUR * random() : 20_000 + random() * 900_000;
    time = Math.floor(time / 1000) * 1000;
  }
  return prices;
}

let test: TestDatabase;
/** Factor by which the venue keeps grains longer than it promises. */
let kept = 1;
/** The venue's clock; UTC epoch milliseconds. */
let clock = 0;
beforeAll(async () => {
  test = await testDatabase();
});
afterAll(() => test.close());
beforeEach(async () => {
  kept = 1;
  await empty(test.database, ['symbols', 'instruments', 'ledger', 'runs', 'staged_rows', 'ticks', 'candles']);
  await importSymbols(test.database, [
    { symbol: 'RAIN', title: '', enabled: true, priority: 3, sources: { polymarket: [{ conditionId: '0x1' }] } },
  ]);
});

/** A venue with these prices: each grain has the last price up to each of its times where there was a new one, and the newest one of all. */
function sourceOf(prices: readonly Priced[]): Source {
  const answer = (query: QueryPairs) => {
    const asked = Object.fromEntries(query) as Record<string, number>;
    const width = asked.bucket_seconds * 1000;
    const now = clock;
    const from = Math.max(asked.start * 1000, now - kept * (KEPT[asked.bucket_seconds] ?? Number.POSITIVE_INFINITY));
    const to = Math.min(asked.end * 1000, now + 1);
    const last = new Map<number, number>();
    for (const { time, price } of prices) if (time <= now) last.set(Math.ceil(time / width) * width, price);
    const points = [...last].filter(([time]) => time >= from && time < to && time <= now);
    const newest = prices.findLast(({ time }) => time <= now);
    if (newest !== undefined && to > now && newest.time >= from && newest.time % width !== 0) points.push([newest.time, newest.price]);
    return { data: points.map(([time, price]) => ({ timestamp: time / 1000, price })), pagination: { next_cursor: null } };
  };
  const data = {
    get clock() {
      return clock;
    },
    get: async (_path: string, query: QueryPairs = []) => answer(query),
    memory: new Map(),
  } satisfies Http;
  return {
    type: 'polymarket',
    discover: async () => ({
      instruments: [instrument('polymarket:0x1', { opensAt: Date.UTC(2026, 4, 1) })],
      problems: [],
      requests: 1,
      clock,
    }),
    async *collect(request) {
      const resume = request.cursor as unknown as PriceCursor | undefined;
      for await (const page of collectPrices(data, request, resume)) {
        yield { ...page, requests: 1, cursor: page.cursor as unknown as Json };
      }
    },
    selectorOf: async () => undefined,
    describe: (error) => venueFailure('polymarket', error),
  };
}

interface Firing {
  readonly at: number;
  readonly asOf?: number;
  readonly daysBack: number;
  readonly refetch?: boolean;
}

async function run(source: Source, { at, asOf = at, daysBack, refetch = false }: Firing): Promise<void> {
  clock = at;
  const executionId = `${at} ${asOf} ${daysBack} ${refetch}`;
  const about = { runId: 'run', executionId, symbol: 'RAIN', stage: 'collect' } as const;
  const settings = { asOf, daysBack, sourceTypes: ['polymarket'], refetch, intervals: INTERVALS, strategies: [] } as const;
  const byType = { polymarket: { source }, predict: { skipped: '' }, file: { skipped: '' } };
  await createCollect({ database: test.database, sources: { byType } })(
    { ...about, settings },
    recordedWork(test.database, about, { log: silent }),
  );
  await runStages(test.database, { executionId, asOf, daysBack, intervals: INTERVALS });
}

/** What is stored of a time: points, and candles that had closed, as text. */
async function stored(upTo: number, from = 0): Promise<{ points: readonly string[]; candles: readonly string[] }> {
  const { rows: points } = await test.database.query<{ one: string }>(
    `select time || ' ' || price as one from ticks where time <= $1 and time >= $2 order by time`,
    [upTo, from],
  );
  const { rows: candles } = await test.database.query<{ one: string }>(
    `select concat_ws(' ', interval_minutes, open_time, open, high, low, close, trades) as one from candles
     where open_time + interval_minutes * 60000::bigint <= $1 and open_time >= $2 order by interval_minutes, open_time`,
    [upTo, from],
  );
  return { points: points.map(({ one }) => one), candles: candles.map(({ one }) => one) };
}

async function expectSound(): Promise<void> {
  const { findings } = await verifyData(test.database);
  expect(findings).toEqual([]);
}

const BEGIN = Date.UTC(2026, 5, 8, 9, 7, 31);
const FIRINGS: readonly Firing[] = [0, 4, 8, 26, 50].map((hours) => ({ at: BEGIN + hours * HOUR, daysBack: 7 }));
const LAST = BEGIN + 50 * HOUR;

describe.each([
  { name: 'made-up prices', prices: madeUp, there: true },
  { name: 'recorded prices (skipped where ../shared/data is absent)', prices: recorded, there: existsSync(RECORDED) },
])('$name', ({ prices, there }) => {
  it.skipIf(!there)(
    'price points and candles stay the same when they are collected again, at once or after the venue has dropped the finer points',
    async () => {
      const source = sourceOf(prices());
      for (const firing of FIRINGS) await run(source, firing);
      const before = await stored(LAST);
      expect(before.points.length).toBeGreaterThan(500);
      for (const again of [
        { at: LAST + 60_000, asOf: LAST, daysBack: 7, refetch: true },
        { at: LAST + 5 * HOUR, daysBack: 7, refetch: true },
        // only coarse ones are left of what was collected
        { at: LAST + 9 * DAY, daysBack: 7 },
        { at: LAST + 9 * DAY + HOUR, daysBack: 11, refetch: true },
      ]) {
        await run(source, again);
        const after = await stored(LAST);
        const changed = (a: readonly string[], b: readonly string[]): string[] => a.filter((one) => !b.includes(one));
        expect({
          gone: changed(before.points, after.points),
          come: changed(after.points, before.points),
          candles: [...changed(before.candles, after.candles), ...changed(after.candles, before.candles)],
        }).toEqual({ gone: [], come: [], candles: [] });
      }
      await expectSound();
    },
  );

  it.skipIf(!there)('price points and candles do not depend on the grain that was collected first', async () => {
    const source = sourceOf(prices());
    // nine days later the finer ones of the first days are gone, but for a venue that keeps them longer than it says
    const fine = { at: BEGIN, daysBack: 5 };
    const coarse = { at: BEGIN + 9 * DAY, daysBack: 16 };
    const lateFine = { at: BEGIN + 9 * DAY + 1000, asOf: BEGIN, daysBack: 5, refetch: true };
    // no run removes older points before the first fine point of a window that the venue may have dropped
    const [from, upTo] = [BEGIN - 4 * DAY, BEGIN - DAY];
    await run(source, fine);
    await run(source, coarse);
    const fineFirst = await stored(upTo, from);
    await empty(test.database, ['instruments', 'ledger', 'runs', 'staged_rows', 'ticks', 'candles']);
    await run(source, coarse);
    const coarseOnly = await stored(upTo, from);
    kept = 3;
    await run(source, lateFine);
    const coarseFirst = await stored(upTo, from);
    expect(coarseFirst).toEqual(fineFirst);
    expect(coarseFirst.points).not.toEqual(coarseOnly.points);
    await expectSound();
  });
});
