import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { backtestData, type TwinInput } from '../../src/backtest/engine/backtest-data.ts';
import { type CandleSeries, candlesBetween } from '../../src/backtest/engine/candle-series.ts';
import { plainMarket } from '../../src/backtest/engine/market.ts';
import { runPortfolio } from '../../src/backtest/portfolio/run-portfolio.ts';
import { optionsFor, runBacktest } from '../../src/backtest/run-backtest.ts';
import { runTrials } from '../../src/backtest/run-trials.ts';
import { type BarsSoFar, defineStrategy, type Situation, type Twin } from '../../src/backtest/strategy.ts';
import { walkForward } from '../../src/backtest/walk-forward/walk-forward.ts';
import { DAY, HOUR, walk } from './series.ts';

const market = plainMarket('probability');
const options = optionsFor(market);

/** What a strategy reads at each bar of the run, not of its proof. */
function readings<T>(data: ReturnType<typeof backtestData>, open: (bars: BarsSoFar, situation: Situation) => () => T): T[] {
  const seen: T[] = [];
  const strategy = defineStrategy({
    name: 'reader',
    summary: 'for tests',
    params: z.strictObject({}),
    create: (_, bars, situation) => {
      const read = open(bars, situation);
      return () => {
        seen.push(read());
        return 'hold';
      };
    },
  });
  runTrials(data, [{ strategy, params: {} }], { ...options, proofCuts: 0 });
  return seen;
}

const gapped = (length: number, seed: number, start: number, gaps: readonly number[]): CandleSeries => {
  let time = start * HOUR;
  const openTime = Float64Array.from({ length }, (_, i) => (i === 0 ? time : (time += gaps[i % gaps.length] * HOUR)));
  return { ...walk(length, seed, { probability: true }), openTime };
};

const gaps = fc.array(fc.constantFrom(1, 1, 1, 2, 3, 30), { minLength: 3, maxLength: 20 });
const seed = fc.integer({ min: 1, max: 999 });
const world = fc
  .record({
    own: fc.tuple(fc.integer({ min: 2, max: 80 }), seed, fc.integer({ min: 0, max: 60 }), gaps),
    other: fc.tuple(fc.integer({ min: 2, max: 80 }), seed, fc.integer({ min: 0, max: 60 }), gaps),
    // bars of the twin may last longer than those that are traded on, or less
    lasts: fc.constantFrom(HOUR / 2, HOUR, 4 * HOUR),
  })
  .map(({ own, other, lasts }) => ({ candles: gapped(...own), twin: { id: 'predict:1', candles: gapped(...other), barMs: lasts } }));

const read = (_: BarsSoFar, { twin }: Situation) => {
  const average = (twin as Twin).indicator('sma', { period: 3 });
  const longest = (twin as Twin).indicator('donchian', { period: 2 });
  return () => {
    const { index, id } = twin as Twin;
    const now = twin as Twin;
    const bar = [now.time(), now.open(), now.high(), now.low(), now.close(), now.volume()];
    return { id, index, bar, before: now.close(1), average: average.at(), high: longest.upper.at() };
  };
};

describe('a market’s twin', () => {
  it('is visible up to the bars that are over by the close of the present bar, as in a slow model that knows nothing later', () => {
    fc.assert(
      fc.property(world, ({ candles, twin }) => {
        const seen = readings(backtestData(candles, market, { barMs: HOUR, twin }), read);
        expect(seen).toHaveLength(candles.length);
        for (const [i, one] of seen.entries()) {
          const now = candles.openTime[i] + HOUR;
          const over = Array.from(twin.candles.openTime.keys()).filter((bar) => twin.candles.openTime[bar] + twin.barMs <= now);
          const last = over.at(-1);
          const { openTime, open, high, low, close, volume } = twin.candles;
          const at = (column: Float64Array, bar: number | undefined): number => (bar === undefined ? Number.NaN : column[bar]);
          expect(one).toEqual({
            id: 'predict:1',
            index: over.length - 1,
            bar: [openTime, open, high, low, close, volume].map((column) => at(column, last)),
            before: at(close, over.at(-2)),
            average: over.length < 3 ? Number.NaN : expect.closeTo(over.slice(-3).reduce((sum, bar) => sum + close[bar], 0) / 3, 9),
            high: over.length < 3 ? Number.NaN : Math.max(...over.slice(-3, -1).map((bar) => high[bar])),
          });
        }
      }),
    );
  });

  it('is visible only once its bar is over, also on days of 23, 24 and 25 hours', () => {
    const lengths = [24, 24, 23, 24, 24, 24, 25, 24, 24];
    const opens = lengths.map((_, day) => lengths.slice(0, day).reduce((sum, hours) => sum + hours, 0) * HOUR);
    const twin = { id: 'days', candles: { ...walk(lengths.length, 2, { probability: true }), openTime: Float64Array.from(opens) } };
    const data = backtestData(walk(9 * 24, 1, { probability: true }), market, { twin });
    const seen = readings(data, (bars, situation) => () => ({ now: bars.time() + bars.barMs, day: (situation.twin as Twin).index }));
    for (const { now, day } of seen) if (day >= 0) expect(opens[day] + lengths[day] * HOUR).toBeLessThanOrEqual(now);
    // no day is held back by more than the hour by which days differ
    expect(seen.at(-1)?.day).toBeGreaterThanOrEqual(lengths.length - 2);
    for (const { now, day } of seen) expect(opens[day + 2] ?? Infinity).toBeGreaterThan(now - 2 * HOUR);
  });

  it('does not depend on what comes later, at either venue', () => {
    fc.assert(
      fc.property(world, fc.nat(), ({ candles, twin }, place) => {
        const cut = place % (candles.length - 1);
        const now = candles.openTime[cut] + HOUR;
        const known = [...twin.candles.openTime].filter((time) => time + twin.barMs <= now).length;
        const other = { ...twin.candles };
        for (const column of ['open', 'high', 'low', 'close', 'volume'] as const) {
          other[column] = twin.candles[column].slice();
          for (let i = known; i < other.length; i++) other[column][i] /= 3;
        }
        const before = readings(backtestData(candles, market, { barMs: HOUR, twin }), read).slice(0, cut + 1);
        const changed = backtestData(candles, market, { barMs: HOUR, twin: { ...twin, candles: other } });
        expect(readings(changed, read).slice(0, cut + 1)).toEqual(before);
        fc.pre(known >= 2 && cut >= 1);
        const shorter = { ...twin, candles: candlesBetween(twin.candles, 0, known) };
        expect(readings(backtestData(candlesBetween(candles, 0, cut + 1), market, { barMs: HOUR, twin: shorter }), read)).toEqual(before);
      }),
    );
  });

  const follow = defineStrategy({
    name: 'follow',
    summary: 'Buys what is cheaper here than at the other venue, leaves when it is not',
    params: z.strictObject({ edge: z.number().positive().default(0.03) }),
    create:
      ({ edge }, bars, { twin }) =>
      () => {
        if (twin === null || !(bars.time() - twin.time() <= 6 * HOUR)) return 'hold';
        return twin.close() - bars.close() >= edge ? 'long' : twin.close() <= bars.close() ? 'flat' : 'hold';
      },
  });
  const candles = walk(24 * 40, 5, { probability: true });
  const twin: TwinInput = { id: 'predict:1', candles: walk(24 * 40, 6, { probability: true }) };

  it('passes the look-ahead proof, and gives the same trades in trials, walk-forwards and portfolios', () => {
    const alone = runBacktest({ candles, market, twin, strategy: follow });
    expect(alone.lookAhead).toMatchObject({ changed: 0, deterministic: true });
    expect(alone.metrics.trades).toBeGreaterThan(3);
    const data = backtestData(candles, market, { twin });
    const trials = [0.02, 0.03].map((edge) => ({ strategy: follow, params: { edge } }));
    expect(runTrials(data, trials, options).results[1].trades).toEqual(alone.trades);
    const walked = walkForward(data, trials, options, { trainMs: 20 * DAY, testMs: 10 * DAY });
    expect(walked.windows.every(({ inSample }) => inSample.trades > 0)).toBe(true);
    // a twin is not a second account: a portfolio may trade many markets by their twins
    const all = runPortfolio([{ name: 'rain', data, options }], trials[1], { cash: 10_000, limits: { perMarket: 1, total: 1 } });
    expect(all.trades).toHaveLength(alone.trades.length);
  });

  it('is the same in each part of a walk-forward as in one run, for a strategy that restarts in each part', () => {
    const ownGaps = [1, 2, 1, 5];
    const own = gapped(24 * 20, 3, 0, ownGaps);
    fc.assert(
      fc.property(seed, gaps, fc.constantFrom(HOUR / 2, HOUR, 4 * HOUR), (first, otherGaps, barMs) => {
        const other = gapped(24 * 20, first, 7, otherGaps);
        const wrong: string[] = [];
        const strategy = defineStrategy({
          name: 'reader',
          summary: 'for tests',
          params: z.strictObject({}),
          create: (_, view, situation) => () => {
            const { index } = situation.twin as Twin;
            const now = view.time() + HOUR;
            const over = (bar: number): boolean => bar < 0 || other.openTime[bar] + barMs <= now;
            if (!over(index) || (index + 1 < other.length && over(index + 1))) wrong.push(`${index} at ${view.index}`);
            return situation.position === 0 ? { side: 'long', size: 0.5 } : 'hold';
          },
        });
        const data = backtestData(own, market, { barMs: HOUR, twin: { id: 'predict:1', candles: other, barMs } });
        const { windows } = walkForward(data, [{ strategy, params: {} }], options, { trainMs: 10 * DAY, testMs: 5 * DAY });
        expect(windows.length).toBeGreaterThan(3);
        expect(wrong).toEqual([]);
      }),
      { numRuns: 20 },
    );
  });

  it('is part of the passport only if the strategy reads it', () => {
    const passport = (other: TwinInput | undefined, strategy = follow) =>
      runBacktest({ candles, market, strategy, ...(other !== undefined && { twin: other }) }).passport.data;
    const late = { ...twin, candles: walk(24 * 40, 7, { probability: true }) };
    expect(new Set([passport(undefined), passport(twin), passport(late), passport({ ...twin, id: 'predict:2' })]).size).toBe(4);
    const blind = defineStrategy({ ...follow, create: () => () => 'hold' as const });
    expect(passport(twin, blind)).toBe(passport(undefined, blind));
    expect(passport(undefined)).toBe(passport(undefined, blind));
  });

  it('does not hide look-ahead: a strategy that reads past the window is caught', () => {
    // watches the built-in that the engine keeps indicator values in
    const cheat = defineStrategy({
      ...follow,
      create: (_, bars, { twin: other }) => {
        const { set } = Map.prototype;
        let closes: Float64Array = new Float64Array();
        Object.assign(Map.prototype, {
          set(this: Map<unknown, unknown>, key: unknown, value: unknown) {
            if (value instanceof Float64Array) closes = value;
            return set.call(this, key, value);
          },
        });
        other?.indicator('sma', { period: 1 });
        Object.assign(Map.prototype, { set });
        return () => (closes[(other?.index ?? 0) + 1] > bars.close() ? 'long' : 'flat');
      },
    });
    expect(runBacktest({ candles, market, twin, strategy: cheat }).lookAhead?.changed).toBeGreaterThan(0);
  });

  it('is null when none is known, and is refused with the reason when its bars are wrong', () => {
    expect(readings(backtestData(candles, market), (_, situation) => () => situation.twin)).toEqual(
      Array.from({ length: candles.length }, () => null),
    );
    const broken = walk(20, 1, { probability: true });
    broken.close[3] = Number.NaN;
    expect(() => backtestData(candles, market, { twin: { id: 'other.csv', candles: broken } })).toThrow(
      'the twin other.csv, bar 3: close is not a number; repair or remove the bar',
    );
    expect(() => backtestData(candles, market, { twin: { id: 'other.csv', candles: candlesBetween(broken, 0, 1) } })).toThrow(
      'the twin other.csv: the length of a single bar is unknown; give at least two, or leave the twin out',
    );
  });
});
