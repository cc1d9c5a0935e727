import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { backtestData } from '../../src/backtest/engine/backtest-data.ts';
import { candlesBetween } from '../../src/backtest/engine/candle-series.ts';
import { plainMarket } from '../../src/backtest/engine/market.ts';
import { HOLD, LONG, wordsOnly } from '../../src/backtest/engine/trading/trade.ts';
import { simulate } from '../../src/backtest/engine/trading/trader.ts';
import { momentsOf } from '../../src/backtest/metrics/ratios.ts';
import { optionsFor, type Trial } from '../../src/backtest/run-backtest.ts';
import { runTrials } from '../../src/backtest/run-trials.ts';
import { strategyTrials } from '../../src/backtest/strategies/registry.ts';
import { defineStrategy } from '../../src/backtest/strategy.ts';
import { rankOf } from '../../src/backtest/walk-forward/pick-and-test.ts';
import { walkForward } from '../../src/backtest/walk-forward/walk-forward.ts';
import { bars, closes, DAY, HOUR, walk } from './series.ts';

const market = plainMarket('asset');
const options = optionsFor(market, { proofCuts: 0 });
const parts = { trainMs: 20 * DAY, testMs: 5 * DAY };

function trialsOf(name: string, params: Parameters<typeof strategyTrials>[1]): Trial[] {
  const checked = strategyTrials(name, params);
  if ('problems' in checked) throw new Error(checked.problems.join('; '));
  return checked.trials.map((one) => ({ strategy: checked.strategy, params: one }));
}

const grid = trialsOf('momentum', { period: [3, 6, 12, 24], threshold: [0, 0.01] });
const candles = walk(24 * 60, 7);
const result = walkForward(backtestData(candles, market), grid, options, parts);

describe('a walk-forward', () => {
  it('moves on by the length of the test part, so that the test parts follow each other without a gap or an overlap', () => {
    expect(result.windows).toHaveLength(8);
    for (const [i, window] of result.windows.entries()) {
      expect(window.trainTo - window.trainFrom).toBe(parts.trainMs);
      expect(window.testFrom).toBe(window.trainTo);
      expect(window.testTo - window.testFrom).toBe(parts.testMs);
      if (i > 0) expect(window.testFrom).toBe(result.windows[i - 1].testTo);
    }
  });

  it('picks the trial with the best Sharpe ratio in the training part, as a grid on that part alone would', () => {
    const [{ trainFrom, trainTo, params, inSample }] = result.windows;
    const barsTo = candles.openTime.findIndex((time) => time >= trainTo);
    const alone = runTrials(backtestData(candlesBetween(candles, 0, barsTo), market), grid, options).results;
    expect(trainFrom).toBe(candles.openTime[0]);
    const best = Math.max(...alone.map(({ metrics }) => metrics.sharpe ?? Number.NEGATIVE_INFINITY));
    expect(inSample.sharpe).toBeCloseTo(best, 12);
    expect(params).toEqual(alone.find(({ metrics }) => metrics.sharpe === best)?.params);
  });

  it('ranks a trial that earned on a single day above trials that only lose', () => {
    const ratios = fc.array(fc.double({ min: -0.1, max: 0.1, noNaN: true }), { minLength: 2, maxLength: 40 });
    const one = fc.record({ days: fc.integer({ min: 2, max: 40 }), gain: fc.double({ min: 1e-6, max: 1, noNaN: true }) });
    fc.assert(
      fc.property(ratios, one, (returns, { days, gain }) => {
        const many = momentsOf(Float64Array.from(returns));
        fc.pre(many.nonZero > 1 && many.deviation > 1e-9 && Math.abs(many.mean) > 1e-9);
        const lucky = new Float64Array(days);
        lucky[0] = gain;
        const rank = rankOf({ moments: momentsOf(lucky) });
        expect(Math.sign(rankOf({ moments: many }) - rank)).toBe(Math.sign(many.mean));
        // a strategy that never traded has no Sharpe ratio
        expect(rankOf({ moments: momentsOf(new Float64Array(days)) })).toBeLessThan(rank);
        expect(rankOf({ moments: momentsOf(lucky.map((value) => -value)) })).toBeLessThan(rank);
      }),
    );
  });

  it('states how many windows were picked by weak ratios', () => {
    expect(result.picksWeak).toMatch(
      /^8 of 8 windows picked by Sharpe ratios .*\(20 daily returns, fewer than 30\); train on 30 days or more$/,
    );
    const long = walkForward(backtestData(candles, market), grid, options, { trainMs: 30 * DAY, testMs: 5 * DAY });
    expect(long).not.toHaveProperty('picksWeak');
    const idle = defineStrategy({ name: 'idle', summary: 'for tests', params: z.strictObject({}), create: () => () => 'hold' as const });
    const { picksWeak } = walkForward(backtestData(candles, market), [{ strategy: idle, params: {} }], options, parts);
    expect(picksWeak).toMatch(/^8 of 8 .*\(no trial has one, so the first was taken\)/);
  });

  it('counts a position that is held across the test parts as one event, and its statistics as weak', () => {
    const held = walkForward(backtestData(candles, market), trialsOf('buy-and-hold', {}), options, { trainMs: 10 * DAY, testMs: 4 * DAY });
    expect(held.windows).toHaveLength(12);
    expect(held.outOfSample.sample).toMatchObject({ trades: 12, events: 1 });
    expect(held.outOfSample.weak.sharpe).toBe('12 trades of 1 event, fewer than 10');
    // the picked trials closed their positions in between
    expect(result.outOfSample.sample.events).toBeGreaterThan(10);
  });

  it('has a passport that depends on the time at which the market’s result became known', () => {
    const passports = [50, 70].map((day) => {
      const paid = {
        ...plainMarket('probability'),
        closesAt: 45 * DAY,
        resolution: { kind: 'settled', payout: 1, at: day * DAY },
      } as const;
      const data = backtestData(walk(24 * 60, 7, { probability: true }), paid);
      return walkForward(data, trialsOf('buy-and-hold', {}), options, parts).passport.id;
    });
    expect(passports[0]).not.toBe(passports[1]);
  });

  it('measures the test parts as one series: their daily returns one after the other', () => {
    const growth = result.windows.reduce((product, { outOfSample }) => product * (1 + (outOfSample.totalReturn as number)), 1);
    expect(result.outOfSample.totalReturn).toBeCloseTo(growth - 1, 10);
    expect(result.outOfSample.sample.dailyReturns).toBe(40);
    expect(result.outOfSample.trades).toBe(result.windows.reduce((sum, { outOfSample }) => sum + outOfSample.trades, 0));
    expect(result.outOfSample.weak.sharpe).toBeUndefined();
    expect(result.windows[0].outOfSample.weak.sharpe).toBe('5 daily returns, fewer than 30');
    expect(result.overfitting).toBeGreaterThanOrEqual(0);
    expect(result.outOfSample.deflatedSharpe as number).toBeLessThan(result.outOfSample.probabilisticSharpe as number);
  });

  it('deflates the best Sharpe ratio of a training part by all trials of its window, and the result by all trials on the series', () => {
    // with one trial there is nothing to choose
    for (const { inSample } of walkForward(backtestData(candles, market), grid.slice(0, 1), options, parts).windows)
      expect(inSample.deflatedSharpe).toBe(inSample.probabilisticSharpe);
    const [{ trainTo, inSample, outOfSample }] = result.windows;
    const barsTo = candles.openTime.findIndex((time) => time >= trainTo);
    const training = runTrials(backtestData(candlesBetween(candles, 0, barsTo), market), grid, options).results;
    const best = training.reduce((leader, one) => ((one.metrics.sharpe ?? -9) > (leader.metrics.sharpe ?? -9) ? one : leader));
    expect(inSample.deflatedSharpe).toBeCloseTo(best.metrics.deflatedSharpe as number, 12);
    expect(inSample.deflatedSharpe as number).toBeLessThan(inSample.probabilisticSharpe as number);
    expect(outOfSample.deflatedSharpe as number).toBeLessThan(outOfSample.probabilisticSharpe as number);
  });

  it('does not sell a position in a market that closed inside a part, since the market’s result pays for it there', () => {
    const prices = Array.from({ length: 8 * 4 }, (_, i) => (i < 12 ? 0.4 : 0.9));
    const late = closes(prices, { step: 6 * HOUR });
    const closesAt = 2.5 * DAY;
    const settled = { ...plainMarket('probability'), closesAt, resolution: { kind: 'settled', payout: 0, at: closesAt } } as const;
    const two = { trainMs: 2 * DAY, testMs: 2 * DAY };
    const own = walkForward(backtestData(late, settled), trialsOf('buy-and-hold', {}), options, two);
    expect(own.windows.map(({ outOfSample }) => outOfSample.totalReturn)).toEqual([expect.closeTo(-1, 9), 0, 0]);
    expect(own.windows[1].inSample.totalReturn).toBeCloseTo(-1, 9);
    const open = { ...settled, resolution: { ...settled.resolution, at: 5 * DAY } };
    const unknown = walkForward(backtestData(late, open), trialsOf('buy-and-hold', {}), options, two);
    expect(unknown.windows[0].outOfSample.winRate).toBeNull();
  });

  it('picks without knowledge of the test parts: another future leaves all earlier picks unchanged', () => {
    const other = walk(24 * 60, 7);
    const from = other.openTime.findIndex((time) => time >= result.windows[4].testFrom);
    for (let i = from; i < other.length; i++) {
      for (const column of ['open', 'high', 'low', 'close'] as const) other[column][i] = 300 - other[column][i];
      [other.high[i], other.low[i]] = [other.low[i], other.high[i]];
    }
    const again = walkForward(backtestData(other, market), grid, options, parts);
    const picks = (windows: typeof result.windows) => windows.slice(0, 5).map(({ params, inSample }) => ({ params, inSample }));
    expect(picks(again.windows)).toEqual(picks(result.windows));
  });

  it('reveals the resolution of a market only in the part that reaches the last bar', () => {
    const resolved = { ...plainMarket('probability'), resolution: { kind: 'settled', payout: 1, at: null } as const };
    const still = closes(Array.from({ length: 40 }, () => 0.5));
    const data = backtestData(still, resolved);
    const { windows } = walkForward(data, trialsOf('favourite', { threshold: 0.4 }), optionsFor(resolved, { proofCuts: 0 }), {
      trainMs: 10 * DAY,
      testMs: 10 * DAY,
    });
    expect(windows.map(({ outOfSample }) => outOfSample.totalReturn)).toEqual([0, 0, expect.closeTo(1, 9)]);
  });

  it('needs a series as long as one window', () => {
    expect(() => walkForward(backtestData(walk(48, 1), market), grid, options, parts)).toThrow(
      'the candles span 2 days, one window needs 25 (20 to train, 5 to test)',
    );
  });

  it('counts the calendar days of a part, not only the days with bars', () => {
    const weekly = { ...walk(40, 3), openTime: Float64Array.from({ length: 40 }, (_, i) => Date.UTC(2024, 0, 1) + i * 7 * DAY) };
    const { windows, outOfSample } = walkForward(backtestData(weekly, market), trialsOf('momentum', { period: [1, 2] }), options, {
      trainMs: 28 * DAY,
      testMs: 14 * DAY,
    });
    const days = windows.length * 14;
    expect(outOfSample.sample.dailyReturns).toBe(days);
    expect(outOfSample.cagr).toBeCloseTo((1 + (outOfSample.totalReturn as number)) ** (365.25 / days) - 1, 10);
  });

  it('starts a test part with the position that the strategy held, as a run over the whole series does', () => {
    const rising = closes(Array.from({ length: 60 }, (_, i) => 100 * 1.01 ** i));
    const daily = { ...rising, openTime: Float64Array.from({ length: 60 }, (_, i) => Date.UTC(2024, 0, 1) + i * DAY) };
    const held = walkForward(backtestData(daily, market), trialsOf('buy-and-hold', {}), options, { trainMs: 20 * DAY, testMs: 10 * DAY });
    for (const { outOfSample } of held.windows) expect(outOfSample.totalReturn).toBeGreaterThan(0.05);
  });

  it('starts a test part with the decision made before it, whatever is decided in it', () => {
    const rising = closes(Array.from({ length: 40 }, (_, i) => 100 * 1.01 ** i));
    const daily = { ...rising, openTime: Float64Array.from({ length: 40 }, (_, i) => Date.UTC(2024, 0, 1) + i * DAY) };
    // in at the very start, and out at the bar after the test's first one
    const scripted = (out: number) =>
      defineStrategy({
        name: 'scripted',
        summary: 'for tests',
        params: z.strictObject({}),
        create: (_, view) => () => (view.index === 0 ? 'long' : view.index === out ? 'flat' : 'hold'),
      });
    for (const later of [1, 2, 3]) {
      const trials = [{ strategy: scripted(20 + later), params: {} }];
      const run = walkForward(backtestData(daily, market), trials, options, { trainMs: 20 * DAY, testMs: 10 * DAY });
      expect(run.windows[0].outOfSample.trades).toBe(1);
      expect(run.windows[0].outOfSample.totalReturn).toBeGreaterThan(0);
    }
  });

  it('pays at the boundary of each part the cost of leaving and entering, also in a probability market', () => {
    const still = closes(Array.from({ length: 40 }, () => 0.5));
    const open = { ...plainMarket('probability'), tickSize: 0.01 };
    const costs = optionsFor(open, { proofCuts: 0, halfSpread: 0.02, slippageTicks: 1 });
    const run = walkForward(backtestData(still, open), trialsOf('favourite', { threshold: 0.4 }), costs, {
      trainMs: 10 * DAY,
      testMs: 10 * DAY,
    });
    // in at 0.53, out at 0.47; what is held at the very end of the series is only marked
    expect(run.windows.map(({ outOfSample }) => outOfSample.totalReturn)).toEqual([
      expect.closeTo(0.47 / 0.53 - 1, 12),
      expect.closeTo(0.47 / 0.53 - 1, 12),
      expect.closeTo(0.5 / 0.53 - 1, 12),
    ]);
    expect(run.windows.map(({ outOfSample }) => outOfSample.sample.trades)).toEqual([1, 1, 0]);
  });

  it('measures its drawdown bar by bar, not only at the end of each day', () => {
    // every day falls by a half at noon and has recovered by midnight
    const dips = bars(
      Array.from({ length: 40 * 4 }, (_, i) => (i % 4 === 2 ? [100, 100, 50, 50] : [100, 100, 50, 100])),
      { step: 6 * HOUR },
    );
    const run = walkForward(backtestData(dips, market), trialsOf('buy-and-hold', {}), options, { trainMs: 10 * DAY, testMs: 10 * DAY });
    expect(run.outOfSample.maxDrawdown).toBeCloseTo(-0.5, 9);
    expect(run.outOfSample.totalReturn).toBeCloseTo(0, 9);
  });

  it('measures the drawdown over all test parts from their bars, one after the other', () => {
    const run = walkForward(backtestData(candles, market), trialsOf('buy-and-hold', {}), options, parts);
    let [growth, peak, deepest] = [1, 1, 0];
    for (const { testFrom, testTo } of run.windows) {
      const [from, to] = [testFrom, testTo].map((time) => candles.openTime.findIndex((at) => at >= time));
      const part = candlesBetween(candles, from, to < 0 ? candles.length : to);
      const { equity } = simulate(part, wordsOnly(Uint8Array.from(part.openTime, (_, i) => (i === 0 ? LONG : HOLD))), {
        market,
        options,
        barMs: HOUR,
      });
      for (const value of equity) {
        const now = (growth * value) / options.cash;
        peak = Math.max(peak, now);
        deepest = Math.min(deepest, now / peak - 1);
      }
      growth *= equity[equity.length - 1] / options.cash;
    }
    expect(run.outOfSample.maxDrawdown).toBeCloseTo(deepest, 12);
    expect(run.outOfSample.totalReturn).toBeCloseTo(growth - 1, 9);
  });

  it('lists the windows that it left out, with the reason; a gap before the last bar is not a window', () => {
    const days = [...Array.from({ length: 30 }, (_, i) => i), ...Array.from({ length: 30 }, (_, i) => 50 + i), 100];
    const gapped = { ...walk(days.length, 5), openTime: Float64Array.from(days, (day) => day * DAY) };
    const run = walkForward(backtestData(gapped, market), trialsOf('momentum', { period: [1, 2] }), options, {
      trainMs: 10 * DAY,
      testMs: 10 * DAY,
    });
    expect(run.windows.map(({ testFrom }) => testFrom / DAY)).toEqual([10, 20, 60, 70]);
    expect(run.skipped.map(({ testFrom, because }) => [testFrom / DAY, because])).toEqual([
      [30, 'fewer than two bars in the test part'],
      [40, 'fewer than two bars in the training part'],
      [50, 'fewer than two bars in the training part'],
      [80, 'fewer than two bars in the test part'],
      [90, 'fewer than two bars in the training part'],
    ]);
    expect(run.outOfSample.sample.dailyReturns).toBe(40);
  });

  it('restarts a strategy that reads its account in each part, with earlier bars and its own money', () => {
    const seen: { bar: number; position: number; cash: number; average: number }[] = [];
    const looker = defineStrategy({
      name: 'looks',
      summary: 'for tests',
      params: z.strictObject({ size: z.number() }),
      create: ({ size }, view, situation) => {
        const average = view.indicator('sma', { period: 48 });
        return () => {
          seen.push({ bar: view.index, position: situation.position, cash: situation.cash, average: average.at() });
          return situation.position === 0 ? { side: 'long', size, stop: view.close() * 0.97 } : 'hold';
        };
      },
    });
    const trials = [0.5, 1].map((size) => ({ strategy: looker, params: { size } }));
    const run = walkForward(backtestData(candles, market), trials, options, parts);
    expect(run.windows).toHaveLength(8);
    const starts = new Set(
      run.windows.flatMap(({ trainFrom, testFrom }) => [trainFrom, testFrom].map((time) => (time - candles.openTime[0]) / HOUR)),
    );
    for (const start of starts) {
      const first = seen.filter(({ bar }) => bar === start).map(({ position, cash }) => ({ position, cash }));
      expect(first).toContainEqual({ position: 0, cash: 10_000 });
    }
    expect(seen.filter(({ bar }) => bar > 48).every(({ average }) => average > 0)).toBe(true);
    for (const { outOfSample } of run.windows) expect(outOfSample.trades).toBeGreaterThan(0);
  });

  /** Holds all the time, and fails where it is started at one of these bars with money of its own. */
  const fragile = (starts: readonly number[], size = 1): Trial => ({
    strategy: defineStrategy({
      name: 'fragile',
      summary: 'for tests',
      params: z.strictObject({ size: z.number() }),
      create: (_, view, situation) => {
        let started: number | undefined;
        return () => {
          started ??= view.index;
          if (starts.includes(started)) throw new Error('no book');
          return situation.position === 0 ? { side: 'long', size } : 'hold';
        };
      },
    }),
    params: { size },
  });
  const rising = closes(
    Array.from({ length: 24 * 40 }, (_, i) => 100 * 1.001 ** i * (1 + (i % 24) / 5000)),
    { step: HOUR },
  );

  it('continues without a trial that fails in one part, as if that trial were not in the grid', () => {
    const data = backtestData(rising, market);
    // in on every other day, or on two of three
    const lazy = [2, 3].map((days): Trial => {
      const summary = 'for tests';
      const create: Trial['strategy']['create'] = (_, view) => () => (Math.floor(view.index / 24) % days === 0 ? 'flat' : 'long');
      return { strategy: defineStrategy({ name: `lazy-${days}`, summary, params: z.strictObject({}), create }), params: {} };
    });
    const without = walkForward(data, lazy, options, parts);
    const all = (trial: Trial) => walkForward(data, [lazy[0], trial, lazy[1]], options, parts);
    const sound = all(fragile([]));
    expect(sound.failed).toEqual([]);
    expect(sound.windows.map(({ strategy }) => strategy)).toEqual(['fragile', 'fragile', 'fragile', 'fragile']);
    // the second training part; the last test part, after it had been picked three times
    for (const [bar, day] of [
      [24 * 5, '1970-01-06'],
      [24 * 35, '1970-02-05'],
    ] as const) {
      const run = all(fragile([bar]));
      const because = `strategy 'fragile' at bar ${bar} (${day}T00:00:00.000Z): no book (in the part that starts on ${day})`;
      expect({ ...run, failed: [] }).toEqual(without);
      expect(run.failed).toEqual([{ strategy: 'fragile', params: { size: 1 }, because }]);
    }
    // a trial that is not picked is not traded in the test part, so its failure there does not matter
    const idle = { ...fragile([24 * 35], 1e-9) };
    expect(walkForward(data, [fragile([]), idle], options, parts).failed).toEqual([]);
  });

  it('has no result when every trial fails, on the whole series or in a part', () => {
    const trials = [fragile([24 * 20], 0.5), fragile([0])];
    expect(() => walkForward(backtestData(rising, market), trials, options, parts)).toThrow(
      "strategy 'fragile' at bar 480 (1970-01-21T00:00:00.000Z): no book (in the part that starts on 1970-01-21)",
    );
  });

  it('refuses parts of half a day, because one day would then belong to two parts', () => {
    expect(() => walkForward(backtestData(candles, market), grid, options, { trainMs: 5 * DAY, testMs: DAY / 2 })).toThrow(/whole days/);
  });
});

it('a walk-forward pays at the start of each part the default spread of the whole series, not that of the part', () => {
  // nobody trades in the first hour of a day, from which a part alone would conclude that nobody trades at all
  const flat = bars(
    Array.from({ length: 24 * 40 }, (_, bar) => [0.5, 0.5, 0.5, 0.5, bar % 24 === 0 ? 0 : 100]),
    { step: HOUR },
  );
  const probability = plainMarket('probability');
  const held = walkForward(
    backtestData(flat, probability),
    trialsOf('buy-and-hold', {}),
    optionsFor(probability, { proofCuts: 0, halfSpread: 'recorded', maxVolumeShare: null }),
    parts,
  );
  for (const { outOfSample } of held.windows.slice(0, -1)) expect(outOfSample.totalReturn).toBeCloseTo(0.495 / 0.505 - 1, 9);
  // one entry and one exit in each test; an open market's last position is marked, not sold
  expect(held.outOfSample.spreads).toEqual({ default: 2 * held.windows.length - 1 });
  expect(held.windows[0].inSample.spreads).toEqual({ default: 2 });
  expect(held.terms).toMatchObject({
    halfSpread: 'recorded',
    differs: expect.arrayContaining([expect.stringContaining('maxVolumeShare')]),
  });
});
