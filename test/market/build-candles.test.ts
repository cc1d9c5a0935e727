import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { INTERVALS } from '../../src/contracts/words.ts';
import { buildCandles } from '../../src/market/candles/build-candles.ts';
import type { CandleColumns, MergeableCandles } from '../../src/market/candles/candle-columns.ts';
import { buildCandleSet, canRollUp, rollUp } from '../../src/market/candles/candle-set.ts';
import { mergeCandles } from '../../src/market/candles/merge-candles.ts';
import { add, type Decimal, multiply, toDecimal, toNumber, ZERO } from '../../src/market/decimal.ts';
import { worlds } from '../support/worlds.ts';
import { columnsOf, type TestTick, tick, ticksArbitrary } from './ticks.ts';

const COLUMNS = ['openTime', 'open', 'high', 'low', 'close', 'volume', 'quoteVolume', 'buyVolume', 'trades'] as const;
const POSITIONS = ['firstTime', 'firstSequence', 'lastTime', 'lastSequence'] as const;

/** What a user or a table can see of candles: compared with Object.is, so bit for bit. */
const visible = (candles: CandleColumns) => Object.fromEntries(COLUMNS.map((name) => [name, [...candles[name]]]));
const mergeable = (candles: MergeableCandles) => ({
  ...visible(candles),
  ...Object.fromEntries(POSITIONS.map((name) => [name, [...candles[name]]])),
});

const shuffled = (seed: number, ticks: readonly TestTick[]): TestTick[] => {
  const out = [...ticks];
  let state = seed;
  for (let i = out.length - 1; i > 0; i--) {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    const j = state % (i + 1);
    [out[i], out[j]] = [out[j], out[i]];
  }
  return out;
};

describe('candles', () => {
  it('are as many as there are buckets with ticks, however many these are', () => {
    const MINUTE = 60_000;
    const count = 1_500;
    const given = Array.from({ length: count }, (_, i) => tick(new Date(i * MINUTE).toISOString(), 0.5, i + 1, 1, i));
    const candles = buildCandles(columnsOf(given), '1m');
    expect([...candles.openTime]).toEqual(given.map((_, i) => i * MINUTE));
    expect([...candles.volume]).toEqual(given.map((_, i) => i + 1));
    expect([...candles.quoteVolume]).toEqual(given.map((_, i) => (i + 1) / 2));
  });

  it('open with the first tick and close with the last, and there is none for an empty bucket', () => {
    const candles = buildCandles(
      columnsOf([
        tick('2026-01-01T00:00:10Z', 0.4, 10, 1, 0),
        tick('2026-01-01T00:00:20Z', 0.6, 5, 0, 1),
        tick('2026-01-01T00:00:50Z', 0.5, 1, 1, 2),
        tick('2026-01-01T00:03:00Z', 0.7, 2, 0, 3),
      ]),
      '1m',
    );
    expect(visible(candles)).toEqual({
      openTime: [Date.UTC(2026, 0, 1), Date.UTC(2026, 0, 1, 0, 3)],
      open: [0.4, 0.7],
      high: [0.6, 0.7],
      low: [0.4, 0.7],
      close: [0.5, 0.7],
      volume: [16, 2],
      quoteVolume: [7.5, 1.4],
      buyVolume: [11, 0],
      trades: [3, 1],
    });
  });

  it('contain a tick exactly on an edge if they start at that edge', () => {
    const candles = buildCandles(columnsOf([tick('2026-01-01T00:59:59.999Z', 0.1), tick('2026-01-01T01:00:00Z', 0.2)]), '1h');
    expect([...candles.openTime]).toEqual([Date.UTC(2026, 0, 1), Date.UTC(2026, 0, 1, 1)]);
    expect([...candles.close]).toEqual([0.1, 0.2]);
  });

  it('order ticks of the same time by their sequence, in whatever order they arrive', () => {
    const at = '2026-01-01T00:00:00Z';
    const candles = buildCandles(columnsOf([tick(at, 0.3, 1, 1, 2), tick(at, 0.1, 1, 1, 0), tick(at, 0.2, 1, 1, 1)]), '1m');
    expect([candles.open[0], candles.close[0]]).toEqual([0.1, 0.3]);
  });

  it('have no volume when ticks have no size, and no buy volume when no side is known', () => {
    const points = buildCandles(columnsOf([tick('2026-01-01T00:00:00Z', 0.3)]), '1m');
    expect([points.volume[0], points.quoteVolume[0], points.buyVolume[0], points.trades[0]]).toEqual([
      Number.NaN,
      Number.NaN,
      Number.NaN,
      1,
    ]);
    const sideless = buildCandles(columnsOf([tick('2026-01-01T00:00:00Z', 0.3, 2)]), '1m');
    expect([sideless.volume[0], sideless.quoteVolume[0], sideless.buyVolume[0]]).toEqual([2, 0.6, Number.NaN]);
  });

  it('add volumes of 0.1 and 0.2 to exactly 0.3', () => {
    const candles = buildCandles(columnsOf([tick('2026-01-01T00:00:00Z', 0.1, 0.1, 1), tick('2026-01-01T00:00:01Z', 0.2, 0.2, 1)]), '1m');
    expect(candles.volume[0]).toBe(0.3);
    expect(candles.quoteVolume[0]).toBe(0.05);
  });

  it('are exact even for whole numbers that do not fit a double', () => {
    const rows = Array.from({ length: 1000 }, (_, i) => tick(Date.UTC(2026, 0, 1) + i, 0.123456789, 98_765.432_109_876, 1, i));
    const candles = buildCandles(columnsOf(rows), '1m');
    expect(candles.volume[0]).toBe(98_765_432.109_876);
    // 0.123456789 · 98765432.109876 = 12193263.1113…, by hand in integers
    expect(candles.quoteVolume[0]).toBe(Number(`${123_456_789n * 98_765_432_109_876n}e-15`));
  });

  it('have the exact decimal sums, rounded once', () => {
    fc.assert(
      fc.property(ticksArbitrary, (ticks) => {
        const sized = ticks.filter((t) => !Number.isNaN(t.size));
        const weekly = buildCandles(columnsOf(sized.map((t) => ({ ...t, time: 0 }))), '1w');
        fc.pre(sized.length > 0);
        const sum = (values: Decimal[]): number => toNumber(values.reduce(add, ZERO));
        expect(weekly.volume[0]).toBe(sum(sized.map((t) => toDecimal(t.size))));
        expect(weekly.quoteVolume[0]).toBe(sum(sized.map((t) => multiply(toDecimal(t.size), toDecimal(t.price)))));
      }),
    );
  });

  it('are the same bytes for any order in which ticks arrive', () => {
    fc.assert(
      fc.property(ticksArbitrary, fc.nat(), fc.constantFrom(...INTERVALS), (ticks, seed, interval) => {
        expect(mergeable(buildCandles(columnsOf(shuffled(seed, ticks)), interval))).toEqual(
          mergeable(buildCandles(columnsOf(ticks), interval)),
        );
      }),
    );
  });

  it('are byte-identical for any batches, merged in any order', () => {
    fc.assert(
      fc.property(
        ticksArbitrary,
        fc.nat(),
        fc.integer({ min: 1, max: 7 }),
        fc.constantFrom(...INTERVALS),
        (ticks, seed, batches, interval) => {
          const whole = buildCandles(columnsOf(ticks), interval);
          const parts = Array.from({ length: batches }, (_, b) => shuffled(seed, ticks).filter((_, i) => i % batches === b));
          const merged = parts.map((part) => buildCandles(columnsOf(part), interval)).reduceRight((a, b) => mergeCandles(b, a));
          expect(mergeable(merged)).toEqual(mergeable(whole));
        },
      ),
    );
  });

  it('merged, open and close by the time of their ticks, and by the sequence only where times are equal', () => {
    const of = (time: number, price: number, sequence: number) => buildCandles(columnsOf([tick(time, price, 1, 1, sequence)]), '1h');
    expect(visible(mergeCandles(of(1, 0.1, 7), of(1, 0.2, 3)))).toMatchObject({ open: [0.2], close: [0.1] });
    expect(visible(mergeCandles(of(1, 0.1, 7), of(2, 0.2, 3)))).toMatchObject({ open: [0.1], close: [0.2] });
  });

  it('have exact volumes when merged, whatever the decimals and the size of the numbers in each set', () => {
    const of = (price: number, size: number, count: number) =>
      buildCandles(columnsOf(Array.from({ length: count }, (_, i) => tick(i, price, size, 1, i))), '1h');
    const [large, whole, tiny] = [of(0.5, 99_999_999_999_999.5, 40), of(1, 123, 1), of(1e-12, 1e-12, 3)];
    expect(mergeCandles(large, whole).volume[0]).toBe(Number(999_999_999_999_995n * 4n + 123n));
    expect([tiny.quoteVolume[0], mergeCandles(tiny, whole).quoteVolume[0]]).toEqual([3e-24, 123]);
  });

  it('leave out what the columns hold beyond their length', () => {
    const all = [tick(0, 0.5, 1, 1, 0), tick(1, 0.6, 2, 1, 1), tick(2, 0.9, 3, 1, 2)];
    const two = { ...columnsOf(all), length: 2 };
    expect(mergeable(buildCandles(two, '1h'))).toEqual(mergeable(buildCandles(columnsOf(all.slice(0, 2)), '1h')));
  });

  it('need no sequence column when batches arrive in the canonical order', () => {
    fc.assert(
      fc.property(ticksArbitrary, fc.nat(80), (ticks, cut) => {
        const { sequence: _, ...whole } = columnsOf(ticks);
        const { sequence: _a, ...head } = columnsOf(ticks.slice(0, cut));
        const { sequence: _b, ...tail } = columnsOf(ticks.slice(cut));
        const merged = mergeCandles(buildCandles(tail, '1h', head.length), buildCandles(head, '1h'));
        expect(mergeable(merged)).toEqual(mergeable(buildCandles(whole, '1h')));
      }),
    );
  });

  it('rolled up from a shorter interval equal the candles built from the ticks', () => {
    fc.assert(
      fc.property(ticksArbitrary, fc.constantFrom(...INTERVALS), fc.constantFrom(...INTERVALS), (ticks, from, to) => {
        fc.pre(canRollUp(from, to));
        const columns = columnsOf(ticks);
        expect(mergeable(rollUp(buildCandles(columns, from), to))).toEqual(mergeable(buildCandles(columns, to)));
      }),
    );
  });

  it('of several intervals built in one pass equal the candles built one by one', () => {
    fc.assert(
      fc.property(ticksArbitrary, fc.subarray([...INTERVALS], { minLength: 1 }), (ticks, intervals) => {
        const columns = columnsOf(ticks);
        const set = buildCandleSet(columns, intervals);
        for (const interval of intervals)
          expect(mergeable(set.get(interval) as MergeableCandles)).toEqual(mergeable(buildCandles(columns, interval)));
      }),
      { numRuns: worlds(40) },
    );
  });

  it('are not rolled up or merged when their intervals do not fit', () => {
    const candles = buildCandles(columnsOf([tick('2026-01-01T00:00:00Z', 0.1)]), '4h');
    expect(() => rollUp(candles, '6h')).toThrow('4h candles cannot be rolled up to 6h');
    expect(() => mergeCandles(candles, rollUp(candles, '1d'))).toThrow('do not merge');
  });

  it('do not exist without ticks', () => {
    expect(buildCandles(columnsOf([]), '1h').length).toBe(0);
  });
});

it('the quote volume is exact where a product, or the sum of all, is beyond the numbers that a double holds', () => {
  const quoteOf = (...trades: readonly (readonly [price: number, size: number])[]) =>
    buildCandles(columnsOf(trades.map(([price, size], i) => tick(i, price, size, 1, i))), '1h').quoteVolume[0];
  // 321 · 28059810762433 is 2^53 + 1, which no double is
  expect(quoteOf([28_059_810_762_433, 321], [1, 1])).toBe(2 ** 53 + 2);
  for (const [most, count] of [2 ** 52 - 1, 1e15 - 1].flatMap((number) => [1, 2, 30, 60].map((times) => [number, times])))
    expect(quoteOf(...Array.from({ length: count }, () => [most, most] as const))).toBe(Number(BigInt(count) * BigInt(most) ** 2n));
  const bought = columnsOf(Array.from({ length: 12 }, (_, i) => tick(i, 1, 1e15 - 1, 1, i)));
  expect(buildCandles(bought, '1h').buyVolume[0]).toBe(Number(12n * (10n ** 15n - 1n)));
});
