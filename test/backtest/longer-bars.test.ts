import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { backtestData } from '../../src/backtest/engine/backtest-data.ts';
import { type CandleSeries, candlesBetween } from '../../src/backtest/engine/candle-series.ts';
import { decisionsOf } from '../../src/backtest/engine/decisions.ts';
import { plainMarket } from '../../src/backtest/engine/market.ts';
import { DEFAULT_OPTIONS } from '../../src/backtest/engine/options.ts';
import { optionsFor, runBacktest } from '../../src/backtest/run-backtest.ts';
import { runTrials } from '../../src/backtest/run-trials.ts';
import { type BarsSoFar, defineStrategy } from '../../src/backtest/strategy.ts';
import { INTERVAL_MS, type Interval } from '../../src/contracts/words.ts';
import { HOUR, walk } from './series.ts';

const market = plainMarket('asset');

/** What a strategy reads at each bar. */
function readings<T>(candles: CandleSeries, open: (bars: BarsSoFar) => () => T, to = candles.length): T[] {
  const seen: T[] = [];
  const strategy = defineStrategy({
    name: 'reader',
    summary: 'for tests',
    params: z.strictObject({}),
    create: (_, bars) => {
      const read = open(bars);
      return () => {
        seen.push(read());
        return 'hold';
      };
    },
  });
  decisionsOf({ strategy, params: {}, candles, market, options: DEFAULT_OPTIONS, barMs: HOUR, twin: null, to });
  return seen;
}

const world = fc
  .record({
    seed: fc.integer({ min: 1, max: 999 }),
    length: fc.integer({ min: 2, max: 150 }),
    start: fc.integer({ min: 0, max: 30 }),
    gaps: fc.array(fc.constantFrom(1, 1, 1, 1, 2, 5, 26), { minLength: 150, maxLength: 150 }),
    interval: fc.constantFrom<Interval>('2h', '4h', '12h', '1d', '1w'),
  })
  .map(({ seed, length, start, gaps, interval }) => {
    let time = start * HOUR;
    const openTime = Float64Array.from({ length }, (_, i) => (i === 0 ? time : (time += gaps[i] * HOUR)));
    return { candles: { ...walk(length, seed), openTime }, interval };
  });

/** The longer bars that have ended by a moment, computed again from all bars. */
function overBy({ length, openTime, open, high, low, close, volume }: CandleSeries, interval: Interval, moment: number) {
  const step = INTERVAL_MS[interval];
  // weeks begin on Mondays, the epoch on a Thursday
  const offset = interval === '1w' ? 4 * 24 * HOUR : 0;
  const all = Array.from({ length }, (_, i) => i);
  const starts = [...new Set(all.map((i) => Math.floor((openTime[i] - offset) / step) * step + offset))];
  return starts
    .filter((from) => from >= openTime[0] && from + step <= moment)
    .map((from) => {
      const own = all.filter((i) => openTime[i] >= from && openTime[i] < from + step);
      return {
        time: from,
        open: open[own[0]],
        high: Math.max(...own.map((i) => high[i])),
        low: Math.min(...own.map((i) => low[i])),
        close: close[own[own.length - 1]],
        volume: own.reduce((sum, i) => sum + volume[i], 0),
      };
    });
}

describe('bars of a longer interval', () => {
  it('are visible once their time is over, as in a slow model that knows nothing later', () => {
    fc.assert(
      fc.property(world, ({ candles, interval }) => {
        const seen = readings(candles, (bars) => {
          const longer = bars.interval(interval);
          const average = longer.indicator('sma', { period: 3 });
          return () => ({
            index: longer.index,
            time: longer.time(),
            open: longer.open(),
            high: longer.high(),
            low: longer.low(),
            close: longer.close(),
            volume: longer.volume(),
            before: longer.close(1),
            average: average.at(),
          });
        });
        for (const [i, { index, before, average, ...bar }] of seen.entries()) {
          // nothing but the bars up to this one
          const over = overBy(candlesBetween(candles, 0, i + 1), interval, candles.openTime[i] + HOUR);
          expect(index).toBe(over.length - 1);
          const none = { time: Number.NaN, open: Number.NaN, high: Number.NaN, low: Number.NaN, close: Number.NaN, volume: Number.NaN };
          expect(bar).toEqual(over.at(-1) ?? none);
          expect(before).toBe(over.at(-2)?.close ?? Number.NaN);
          const three = over.slice(-3).map(({ close }) => close);
          expect(average).toEqual(three.length < 3 ? Number.NaN : expect.closeTo(three.reduce((sum, one) => sum + one, 0) / 3, 9));
        }
      }),
    );
  });

  it('do not depend on what comes later', () => {
    fc.assert(
      fc.property(world, fc.nat(), ({ candles, interval }, place) => {
        const cut = place % candles.length;
        const other = { ...candles };
        for (const column of ['open', 'high', 'low', 'close', 'volume'] as const) {
          other[column] = candles[column].slice();
          for (let i = cut + 1; i < other.length; i++) other[column][i] *= 3;
        }
        const read = (bars: BarsSoFar) => {
          const longer = bars.interval(interval);
          const band = longer.indicator('donchian', { period: 2 });
          return () => [longer.index, longer.open(), longer.high(), longer.low(), longer.close(), longer.volume(), band.upper.at()];
        };
        const before = readings(candles, read).slice(0, cut + 1);
        expect(readings(other, read, cut + 1)).toEqual(before);
        expect(readings(candlesBetween(candles, 0, cut + 1), read)).toEqual(before);
      }),
    );
  });

  const trend = defineStrategy({
    name: 'trend',
    summary: 'Long while the last day that is over closed above the average of days',
    params: z.strictObject({ days: z.number().int().positive().default(3) }),
    create: ({ days }, bars) => {
      const day = bars.interval('1d');
      const average = day.indicator('sma', { period: days });
      return () => (day.close() > average.at() ? 'long' : day.close() < average.at() ? 'flat' : 'hold');
    },
  });

  it('pass the look-ahead proof, and are the same next to other trials', () => {
    const candles = walk(24 * 40, 5);
    const alone = runBacktest({ candles, strategy: trend, params: { days: 4 } });
    expect(alone.lookAhead).toMatchObject({ changed: 0, deterministic: true });
    expect(alone.metrics.trades).toBeGreaterThan(3);
    const trials = [3, 4, 5].map((days) => ({ strategy: trend, params: { days } }));
    const { results } = runTrials(backtestData(candles, market), trials, optionsFor(market));
    expect(results[1].trades).toEqual(alone.trades);
  });

  it('are the bars themselves in their own interval, so that one strategy trades on all intervals of a run', () => {
    const days = walk(60, 5, { step: 24 * HOUR });
    const own = defineStrategy({
      ...trend,
      create: (_, bars) => {
        const average = bars.indicator('sma', { period: 3 });
        return () => (bars.close() > average.at() ? 'long' : bars.close() < average.at() ? 'flat' : 'hold');
      },
    });
    const { trades } = runBacktest({ candles: days, strategy: trend });
    expect(trades.length).toBeGreaterThan(3);
    expect(trades).toEqual(runBacktest({ candles: days, strategy: own }).trades);
  });

  it('of a rarely traded market are over when their time is, if the length of a bar is given', () => {
    const seldom = walk(60, 5, { step: 6 * HOUR });
    const early = defineStrategy({
      ...trend,
      create: (_, bars) => {
        const day = bars.interval('1d');
        // today, which lasts five hours longer than a bar of an hour that opens at 18:00
        return () => (day.time() === bars.time() - 18 * HOUR ? 'long' : 'hold');
      },
    });
    const trials = [{ strategy: early, params: {} }];
    const said = runTrials(backtestData(seldom, market, { barMs: HOUR }), trials, optionsFor(market)).results[0];
    expect(said.trades).toEqual([]);
    const unsaid = runTrials(backtestData(seldom, market), trials, optionsFor(market)).results[0];
    // other numbers, so another passport
    expect(said.passport.data).not.toBe(unsaid.passport.data);
    expect(backtestData(seldom, market, { barMs: 6 * HOUR }).hash).toBe(unsaid.passport.data);

    const odd = walk(30, 5, { step: 5 * HOUR });
    const run = (barMs?: number) => () =>
      runTrials(
        backtestData(odd, market, { ...(barMs !== undefined && { barMs }) }),
        [{ strategy: trend, params: { days: 2 } }],
        optionsFor(market),
      );
    expect(run()).toThrow('bars of 300 minutes cannot be combined into bars of 1d');
    expect(run(HOUR)).not.toThrow();
    expect(run(6 * HOUR)).toThrow('the candles: bars that open 300 minutes apart cannot last 360 minutes; give the interval of the bars');
  });

  it('must last a multiple of the given bars', () => {
    const opened = (interval: string, candles = walk(48, 1)) => {
      const strategy = defineStrategy({ ...trend, create: (_, bars) => (bars.interval(interval as Interval), () => 'hold' as const) });
      return () => runBacktest({ candles, strategy });
    };
    expect(opened('30m')).toThrow(
      "strategy 'trend': bars of 60 minutes cannot be combined into bars of 30m; name an interval that is a multiple of theirs",
    );
    expect(opened('6h', walk(48, 1, { step: 4 * HOUR }))).toThrow('bars of 240 minutes cannot be combined into bars of 6h');
    expect(opened('1D')).toThrow("there is no interval '1D'; did you mean 1d?");
    expect(opened('2h', candlesBetween(walk(48, 1), 3, 40))).not.toThrow();
  });
});
