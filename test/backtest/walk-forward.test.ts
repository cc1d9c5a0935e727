import { describe, expect, it } from 'vitest';
import { backtestData } from '../../src/backtest/engine/backtest-data.ts';
import { candlesBetween } from '../../src/backtest/engine/candle-series.ts';
import { plainMarket } from '../../src/backtest/engine/market.ts';
import { optionsFor, type Trial } from '../../src/backtest/run-backtest.ts';
import { runTrials } from '../../src/backtest/run-trials.ts';
import { strategyTrials } from '../../src/backtest/strategies/registry.ts';
import { walkForward } from '../../src/backtest/walk-forward.ts';
import { closes, DAY, walk } from './series.ts';

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
  it('moves on by the test part, so that the tests follow each other without a gap or an overlap', () => {
    expect(result.windows).toHaveLength(8);
    for (const [i, window] of result.windows.entries()) {
      expect(window.trainTo - window.trainFrom).toBe(parts.trainMs);
      expect(window.testFrom).toBe(window.trainTo);
      expect(window.testTo - window.testFrom).toBe(parts.testMs);
      if (i > 0) expect(window.testFrom).toBe(result.windows[i - 1].testTo);
    }
  });

  it('picks what had the best Sharpe ratio in the training part, as a grid on that part alone would', () => {
    const [{ trainFrom, trainTo, params, inSample }] = result.windows;
    const barsTo = candles.openTime.findIndex((time) => time >= trainTo);
    const alone = runTrials(backtestData(candlesBetween(candles, 0, barsTo), market), grid, options).results;
    expect(trainFrom).toBe(candles.openTime[0]);
    const best = Math.max(...alone.map(({ metrics }) => metrics.sharpe ?? Number.NEGATIVE_INFINITY));
    expect(inSample.sharpe).toBeCloseTo(best, 12);
    expect(params).toEqual(alone.find(({ metrics }) => metrics.sharpe === best)?.params);
  });

  it('measures the tests as one: their days’ returns one after the other', () => {
    const growth = result.windows.reduce((product, { outOfSample }) => product * (1 + (outOfSample.totalReturn as number)), 1);
    expect(result.outOfSample.totalReturn).toBeCloseTo(growth - 1, 10);
    expect(result.outOfSample.sample.dailyReturns).toBe(40);
    expect(result.outOfSample.trades).toBe(result.windows.reduce((sum, { outOfSample }) => sum + outOfSample.trades, 0));
    expect(result.outOfSample.weak.sharpe).toBeUndefined();
    expect(result.windows[0].outOfSample.weak.sharpe).toBe('5 daily returns, fewer than 30');
    expect(result.overfitting).toBeGreaterThanOrEqual(0);
    expect(result.outOfSample.deflatedSharpe as number).toBeLessThan(result.outOfSample.probabilisticSharpe as number);
  });

  it('knows nothing of a test when it picks: another future leaves all earlier picks as they are', () => {
    const other = walk(24 * 60, 7);
    const from = other.openTime.findIndex((time) => time >= result.windows[4].testFrom);
    for (let i = from; i < other.length; i++)
      for (const column of ['open', 'high', 'low', 'close'] as const) other[column][i] = 300 - other[column][i];
    const again = walkForward(backtestData(other, market), grid, options, parts);
    const picks = (windows: typeof result.windows) => windows.slice(0, 5).map(({ params, inSample }) => ({ params, inSample }));
    expect(picks(again.windows)).toEqual(picks(result.windows));
  });

  it('lets a market’s resolution be known to the part that reaches the last bar only', () => {
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

  it('counts the days that a part stands for, not those that had bars', () => {
    const weekly = { ...walk(40, 3), openTime: Float64Array.from({ length: 40 }, (_, i) => Date.UTC(2024, 0, 1) + i * 7 * DAY) };
    const { windows, outOfSample } = walkForward(backtestData(weekly, market), trialsOf('momentum', { period: [1, 2] }), options, {
      trainMs: 28 * DAY,
      testMs: 14 * DAY,
    });
    const days = windows.length * 14;
    expect(outOfSample.sample.dailyReturns).toBe(days);
    expect(outOfSample.cagr).toBeCloseTo((1 + (outOfSample.totalReturn as number)) ** (365.25 / days) - 1, 10);
  });

  it('goes into a test with what the rule held, as a run through the whole series does', () => {
    const rising = closes(Array.from({ length: 60 }, (_, i) => 100 * 1.01 ** i));
    const daily = { ...rising, openTime: Float64Array.from({ length: 60 }, (_, i) => Date.UTC(2024, 0, 1) + i * DAY) };
    const held = walkForward(backtestData(daily, market), trialsOf('buy-and-hold', {}), options, { trainMs: 20 * DAY, testMs: 10 * DAY });
    for (const { outOfSample } of held.windows) expect(outOfSample.totalReturn).toBeGreaterThan(0.05);
  });

  it('refuses parts of half a day, which would put a day into two of them', () => {
    expect(() => walkForward(backtestData(candles, market), grid, options, { trainMs: 5 * DAY, testMs: DAY / 2 })).toThrow(/whole days/);
  });
});
