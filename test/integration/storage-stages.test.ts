import { array, assert, asyncProperty, integer, nat, tuple, uniqueArray } from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readCandles } from '../../src/storage/candles/candles.ts';
import { readQuarantine } from '../../src/storage/ticks/quarantine.ts';
import { readTicksByTime, type TickRecord } from '../../src/storage/ticks/ticks.ts';
import { empty, type TestDatabase, testDatabase } from '../support/postgres.ts';
import { collect, DAY, HOUR, instrument, runStage, runStages, START, trade } from '../support/stage-run.ts';

let test: TestDatabase;
beforeAll(async () => {
  test = await testDatabase();
});
afterAll(() => test.close());
beforeEach(() => empty(test.database, ['symbols', 'instruments', 'ledger', 'runs', 'staged_rows', 'ticks']));

const ticksOf = async (instrumentKey: number): Promise<readonly TickRecord[]> => {
  const all: TickRecord[] = [];
  const asked = { symbol: 'RAIN', source: 'polymarket', instrument: 'polymarket:0x1', key: instrumentKey } as const;
  for await (const batch of readTicksByTime(test.database, [asked])) all.push(...batch.map(({ of: _of, ...tick }) => tick));
  return all;
};

describe('the clean stage', () => {
  it('lists a bad row once with its reason and original text, however often it is collected', async () => {
    const bad = trade(START, 1.5);
    const rows = [trade(START + 1, 0.5), bad, trade(START + 2, 0.4, { defect: 'unknown-outcome' })];
    await collect(test.database, { executionId: 'a', rows });
    await collect(test.database, { executionId: 'b', rows });
    const first = await runStage(test.database, 'clean', { executionId: 'a' });
    await runStage(test.database, 'clean', { executionId: 'b' });
    expect(first.output).toEqual({ rows: 3, ok: 1, quarantined: 2, flagged: 0, reasons: { 'price-range': 1, 'unknown-outcome': 1 } });
    const listed = [];
    for await (const batch of readQuarantine(test.database)) listed.push(...batch);
    expect(listed).toEqual([
      {
        symbol: 'RAIN',
        source: 'polymarket',
        instrument: 'polymarket:0x1',
        stage: 'clean',
        reason: 'price-range',
        time: START,
        row: bad.raw,
      },
      expect.objectContaining({ reason: 'unknown-outcome', time: START + 2 }),
    ]);
  });

  it('degrades the run when more rows are bad than the limit allows', async () => {
    await collect(test.database, { executionId: 'a', rows: [trade(START, 0.5), trade(START + 1, Number.NaN)] });
    const { degraded } = await runStage(test.database, 'clean', { executionId: 'a' });
    expect(degraded).toEqual(['1 of 2 rows (50.0 %) were quarantined: not-finite 1; the limit is 1 %']);
  });

  it('keeps and flags a trade at exactly 1, and a block trade', async () => {
    const key = await collect(test.database, { executionId: 'a', rows: [trade(START, 1), { ...trade(START + 1, 0.5), block: true }] });
    const { clean } = await runStages(test.database, { executionId: 'a' });
    expect(clean.output).toMatchObject({ ok: 2, flagged: 2, quarantined: 0 });
    expect(await ticksOf(key)).toHaveLength(2);
    const { rows } = await test.database.query('select flags from ticks order by time');
    expect(rows).toEqual([{ flags: 1 }, { flags: 8 }]);
  });
});

describe('the clean stage at a price jump', () => {
  it('flags a small trade far from its neighbours, and keeps it', async () => {
    const rows = Array.from({ length: 60 }, (_, i) => trade(START + i * 1_000, i === 40 ? 0.95 : 0.5 + (i % 3) / 100));
    const key = await collect(test.database, { executionId: 'a', rows });
    const { clean } = await runStages(test.database, { executionId: 'a' });
    expect(clean.output).toMatchObject({ ok: 60, flagged: 1, quarantined: 0 });
    const { rows: flagged } = await test.database.query('select price, flags from ticks where flags <> 0');
    expect(flagged).toEqual([{ price: 0.95, flags: 4 }]);
    expect(await ticksOf(key)).toHaveLength(60);
  });
});

describe('the store stage', () => {
  it('stores a row once, however often it is collected, and counts the repeats', async () => {
    const rows = [trade(START, 0.5), trade(START, 0.6), trade(START + 5, 0.7)];
    const key = await collect(test.database, { executionId: 'a', rows });
    expect((await runStages(test.database, { executionId: 'a' })).store.output).toMatchObject({ inserted: 3, duplicates: 0, ticks: 3 });
    await collect(test.database, { executionId: 'b', rows: [...rows, trade(START + 6, 0.8)] });
    expect((await runStages(test.database, { executionId: 'b' })).store.output).toMatchObject({ inserted: 1, duplicates: 3, ticks: 4 });
    expect((await ticksOf(key)).map(({ price }) => price)).toEqual([0.5, 0.6, 0.7, 0.8]);
  });

  it('counts repeated rows correctly in a large collection of new and old ticks', async () => {
    const rows = Array.from({ length: 70_000 }, (_, i) => trade(START + i * 1_000, 0.5));
    const key = await collect(test.database, { executionId: 'a', rows: [...rows.slice(0, 60_000), rows[5], rows[59_000]] });
    expect((await runStages(test.database, { executionId: 'a' })).store.output).toMatchObject({ inserted: 60_000, duplicates: 2 });
    await collect(test.database, { executionId: 'b', rows: rows.slice(9_990) });
    expect((await runStages(test.database, { executionId: 'b' })).store.output).toMatchObject({ inserted: 10_000, duplicates: 50_010 });
    const { rows: counted } = await test.database.query(
      `select count(*)::int as ticks, count(distinct time)::int as times,
         (select sum(ticks)::int from tick_hours where instrument = $1) as "inHours" from ticks where instrument = $1`,
      [key],
    );
    expect(counted).toEqual([{ ticks: 70_000, times: 70_000, inHours: 70_000 }]);
  });

  it('keeps copies within one page as separate ticks that differ only by their identity', async () => {
    const copy = trade(START, 0.5, { identity: 'x' });
    const key = await collect(test.database, { executionId: 'a', rows: [copy, { ...copy, identity: 'x#1' }] });
    await runStages(test.database, { executionId: 'a' });
    expect(await ticksOf(key)).toHaveLength(2);
  });

  it('keeps the venue’s order within one timestamp, and puts late rows after earlier ones', async () => {
    const key = await collect(test.database, { executionId: 'a', rows: [trade(START, 0.9), trade(START, 0.1)] });
    await runStages(test.database, { executionId: 'a' });
    await collect(test.database, { executionId: 'b', rows: [trade(START, 0.5), trade(START, 0.9), trade(START, 0.1)] });
    await runStages(test.database, { executionId: 'b' });
    expect((await ticksOf(key)).map(({ price }) => price)).toEqual([0.9, 0.1, 0.5]);
    expect(await readCandles(test.database, { instrumentKey: key, priceType: 'trade', interval: '1h' })).toMatchObject({
      open: Float64Array.of(0.9),
      close: Float64Array.of(0.5),
    });
  });

  it('applies a venue’s correction under the same id, and the candles change accordingly', async () => {
    const key = await collect(test.database, { executionId: 'a', rows: [trade(START, 0.5, { tradeId: 'v1', identity: 'v1' })] });
    await runStages(test.database, { executionId: 'a' });
    await collect(test.database, { executionId: 'b', rows: [trade(START, 0.4, { tradeId: 'v1', identity: 'v1' })] });
    const { kline } = await runStages(test.database, { executionId: 'b', intervals: ['1h'] });
    expect(kline.output).toMatchObject({ changed: 1 });
    const candles = await readCandles(test.database, { instrumentKey: key, priceType: 'trade', interval: '1h' });
    expect(candles).toMatchObject({ close: Float64Array.of(0.4), revision: Float64Array.of(2) });
  });

  it('does not touch the staged rows of other runs and symbols', async () => {
    await collect(test.database, { executionId: 'a', rows: [trade(START, 0.5)] });
    await collect(test.database, { executionId: 'a', symbol: 'SUN', rows: [trade(START, 0.6)] });
    await collect(test.database, { executionId: 'b', rows: [trade(START, 0.7)] });
    await runStages(test.database, { executionId: 'a' });
    const { rows } = await test.database.query(
      'select execution_id, symbol from staging_batches b join staged_rows r on r.batch = b.id order by 1, 2',
    );
    expect(rows).toEqual([
      { execution_id: 'a', symbol: 'SUN' },
      { execution_id: 'b', symbol: 'RAIN' },
    ]);
  });

  it('counts the gaps of an open market in the window, and degrades the run', async () => {
    const asOf = START + 7 * DAY;
    await collect(test.database, { executionId: 'a', rows: [trade(START, 0.5)], covered: { from: START, to: asOf } });
    expect((await runStages(test.database, { executionId: 'a', asOf })).store).toMatchObject({ output: { gaps: 0 } });
    await collect(test.database, { executionId: 'b', rows: [], covered: { from: asOf + DAY, to: asOf + 2 * DAY } });
    const { store } = await runStages(test.database, { executionId: 'b', asOf: asOf + 2 * DAY });
    expect(store.output).toMatchObject({ gaps: 1 });
    expect(store.degraded?.[0]).toContain('polymarket:0x1 lacks 14.3 % of its trade ticks’ time');
  });

  it('takes effect once: a second worker with the same task gets the first effect', async () => {
    const key = await collect(test.database, { executionId: 'a', rows: [trade(START, 0.5), trade(START + 1, 0.6)] });
    const [one, other] = await Promise.all([1, 2].map(() => runStage(test.database, 'store', { executionId: 'a' })));
    expect(one).toEqual(other);
    expect(one.output).toMatchObject({ inserted: 2 });
    expect(await ticksOf(key)).toHaveLength(2);
  });
});

describe('the kline stage', () => {
  const hourly = (instrumentKey: number) => readCandles(test.database, { instrumentKey, priceType: 'trade', interval: '1h' });

  it('builds every interval once, and nothing on a repetition', async () => {
    const rows = Array.from({ length: 48 }, (_, i) => trade(START + i * HOUR, (i + 1) / 100));
    await collect(test.database, { executionId: 'a', rows });
    expect((await runStages(test.database, { executionId: 'a' })).kline.output).toEqual({
      candles: 62,
      changed: 62,
      intervals: ['1h', '4h', '1d'],
    });
    await collect(test.database, { executionId: 'b', rows });
    expect((await runStages(test.database, { executionId: 'b' })).kline.output).toMatchObject({ candles: 62, changed: 0 });
  });

  it('builds an interval completely on its first request', async () => {
    await collect(test.database, { executionId: 'a', rows: [trade(START, 0.5), trade(START + DAY, 0.6)] });
    await runStages(test.database, { executionId: 'a' });
    const { output } = await runStage(test.database, 'kline', { executionId: 'b', intervals: ['1h', '5m', '1w'] });
    expect(output).toMatchObject({ candles: 5, changed: 3 });
  });

  it('adds the interval that fits the life of a short market, and counts such markets', async () => {
    const rows = Array.from({ length: 60 }, (_, i) => trade(START + i * 60_000, (i + 1) / 100));
    const hour = instrument('polymarket:0x1', { opensAt: START, closesAt: START + HOUR });
    const key = await collect(test.database, { executionId: 'a', instrument: hour, rows });
    const other = await collect(test.database, { executionId: 'a', instrument: instrument('polymarket:0x2'), rows });
    const { output } = (await runStages(test.database, { executionId: 'a' })).kline;
    expect(output).toEqual({ candles: 18, changed: 18, intervals: ['1h', '4h', '1d'], added: { '5m': 1 } });
    const read = async (instrumentKey: number) =>
      (await readCandles(test.database, { instrumentKey, priceType: 'trade', interval: '5m' })).length;
    expect([await read(key), await read(other)]).toEqual([12, 0]);
    await collect(test.database, { executionId: 'b', instrument: hour, rows });
    expect((await runStages(test.database, { executionId: 'b' })).kline.output).toMatchObject({ candles: 18, changed: 0 });
  });

  it('rebuilds only the buckets of a late trade, and counts their revisions', async () => {
    const key = await collect(test.database, { executionId: 'a', rows: [trade(START, 0.5), trade(START + 2 * HOUR, 0.6)] });
    await runStages(test.database, { executionId: 'a', intervals: ['1h'] });
    await collect(test.database, { executionId: 'b', rows: [trade(START + 1, 0.3)] });
    expect((await runStages(test.database, { executionId: 'b', intervals: ['1h'] })).kline.output).toMatchObject({ changed: 1 });
    expect(await hourly(key)).toMatchObject({
      close: Float64Array.of(0.3, 0.6),
      revision: Float64Array.of(2, 1),
      trades: Float64Array.of(2, 1),
    });
  });

  it('marks a bucket as complete when it has closed and all of it was collected', async () => {
    const rows = [0, 1, 2, 3].map((hour) => trade(START + hour * HOUR + 1, 0.5));
    const asOf = START + 3.5 * HOUR;
    const key = await collect(test.database, { executionId: 'a', rows: rows.slice(0, 4), covered: { from: START + HOUR / 2, to: asOf } });
    await runStages(test.database, { executionId: 'a', asOf });
    const first = await hourly(key);
    expect(Array.from(first.complete)).toEqual([0, 1, 1, 0]);
    expect(Array.from(first.coverage)).toEqual([0.5, 1, 1, 0.5]);

    await collect(test.database, { executionId: 'b', rows: [], covered: { from: START, to: START + 5 * HOUR } });
    await runStages(test.database, { executionId: 'b', asOf: START + 5 * HOUR });
    const later = await hourly(key);
    expect(Array.from(later.complete)).toEqual([1, 1, 1, 1]);
    expect(Array.from(later.revision)).toEqual([2, 1, 1, 2]);
  });

  it('marks a fully collected bucket as complete as soon as a later run sees it closed', async () => {
    const covered = { from: START, to: START + 2 * HOUR };
    const key = await collect(test.database, { executionId: 'a', rows: [trade(START, 0.5)], covered });
    await runStages(test.database, { executionId: 'a', asOf: START + HOUR / 2, intervals: ['1h'] });
    expect(Array.from((await hourly(key)).complete)).toEqual([0]);
    await runStage(test.database, 'kline', { executionId: 'b', asOf: START + HOUR, intervals: ['1h'] });
    expect(Array.from((await hourly(key)).complete)).toEqual([1]);
    await runStage(test.database, 'kline', { executionId: 'c', asOf: START + HOUR / 2, intervals: ['1h'] });
    expect(Array.from((await hourly(key)).complete)).toEqual([1]);
  });

  it('keeps trades and price points apart, and gives price points no volume', async () => {
    const point = trade(START + 1, 0.9, { kind: 'price', size: null, side: null, identity: 'p' });
    const key = await collect(test.database, { executionId: 'a', rows: [trade(START, 0.5), point] });
    await runStages(test.database, { executionId: 'a' });
    expect((await hourly(key)).high).toEqual(Float64Array.of(0.5));
    const points = await readCandles(test.database, { instrumentKey: key, priceType: 'price', interval: '1h' });
    expect(points).toMatchObject({ open: Float64Array.of(0.9), volume: Float64Array.of(Number.NaN) });
  });

  it('builds the same candles for any order and batches of the ticks', async () => {
    // one assertion runs several properties on one database: each gets instruments of its own
    let round = 0;
    const size = integer({ min: 1, max: 9_999 }).map((n) => n / 100);
    const price = integer({ min: 1, max: 99 }).map((n) => n / 100);
    const time = integer({ min: 0, max: 3 * DAY });
    await assert(
      asyncProperty(
        uniqueArray(tuple(time, price, size), { minLength: 1, maxLength: 60, selector: ([at]) => at }),
        array(array(nat(), { minLength: 1, maxLength: 40 }), { maxLength: 3 }),
        async (ticks, picks) => {
          const rows = ticks.map(([at, price, size]) => trade(START + at, price, { size }));
          // any rows, in any order, repeated at will; the last batch brings whatever is still missing
          const batches = [...picks.map((batch) => batch.map((n) => rows[n % rows.length])), rows];
          const store = async (name: string, parts: typeof batches) => {
            let key = 0;
            for (const [n, part] of parts.entries()) {
              const run = { executionId: `${name}-${round}-${n}`, symbol: `${name}-${round}` };
              key = await collect(test.database, { ...run, instrument: instrument(`polymarket:${name}-${round}`), rows: part });
              await runStages(test.database, run);
            }
            return key;
          };
          const sorted = [...rows].sort((a, b) => (a.time as number) - (b.time as number));
          const [whole, parts] = [await store('whole', [sorted]), await store('parts', batches)];
          round++;
          for (const interval of ['1h', '4h', '1d'] as const) {
            const { revision: _, ...one } = await readCandles(test.database, { instrumentKey: whole, priceType: 'trade', interval });
            const { revision: __, ...other } = await readCandles(test.database, { instrumentKey: parts, priceType: 'trade', interval });
            expect(other).toEqual(one);
          }
        },
      ),
      { numRuns: 8 },
    );
  });
});
