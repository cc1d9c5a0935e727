import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Market, plainMarket } from '../../src/backtest/engine/market.ts';
import { runBacktest } from '../../src/backtest/run-backtest.ts';
import { favourite, smaCross } from '../../src/backtest/strategies/shipped.ts';
import { worlds } from '../support/worlds.ts';
import { DAY, HOUR, walk } from './series.ts';

const settledAt = (closesAt: number | null, at: number | null = null): Market => ({
  ...plainMarket('probability'),
  closesAt,
  resolution: { kind: 'settled', payout: 1, at },
});

describe('money that is locked until a settlement', () => {
  const waits = fc.record({ seed: fc.nat(500), bars: fc.integer({ min: 2, max: 400 }), days: fc.integer({ min: 0, max: 400 }) });

  it('is measured day by day until the market pays', () => {
    fc.assert(
      fc.property(waits, ({ seed, bars, days }) => {
        const candles = walk(bars, seed, { probability: true });
        const last = candles.openTime[bars - 1];
        const market = settledAt(last + HOUR + days * DAY);
        const { metrics, sample, trades, equity } = runBacktest({
          candles,
          strategy: favourite,
          params: { threshold: 0.02 },
          market,
          options: { proofCuts: 0 },
        });
        expect(trades.at(-1)?.end).toBe('settlement');
        const [from, to] = [candles.openTime[0], market.closesAt as number];
        const years = (to - from) / DAY / 365.25;
        const growth = equity[bars - 1] / 10_000;
        if (metrics.cagr !== null) expect(metrics.cagr).toBeCloseTo(growth ** (1 / years) - 1, 9);
        const paid = trades[0].size * trades[0].entryPrice;
        const mean = equity.reduce((sum, value) => sum + value, 0) / bars;
        expect(metrics.turnover).toBeCloseTo(paid / mean / years, 6);
        expect(sample.days).toBeCloseTo((to - from) / DAY, 1);

        // the curve as a reader would lay it out: a value a day, the last one known, the payout on its own day
        const values: number[] = [];
        for (let day = Math.floor(from / DAY); day <= Math.floor(to / DAY); day++) {
          const known = candles.openTime.findLastIndex((time) => time < (day + 1) * DAY);
          const { size } = trades[0];
          const mark = known === bars - 1 ? equity[bars - 1] + size * (candles.close[known] - 1) : equity[known];
          values.push(day === Math.floor(to / DAY) ? equity[bars - 1] : mark);
        }
        const returns = values.map((value, i) => value / (values[i - 1] ?? 10_000) - 1);
        expect(sample.dailyReturns).toBe(returns.length);
        const average = returns.reduce((sum, value) => sum + value, 0) / returns.length;
        const spread = Math.sqrt(returns.reduce((sum, value) => sum + (value - average) ** 2, 0) / (returns.length - 1));
        if (metrics.sharpe !== null) expect(metrics.sharpe).toBeCloseTo((average / spread) * Math.sqrt(365), 6);
      }),
      { numRuns: worlds(150) },
    );
  });

  it('adds no evidence while it is locked: days after the last bar make no ratio stronger', () => {
    const candles = walk(24 * 10, 3, { probability: true });
    const { sample, weak } = runBacktest({ candles, strategy: favourite, params: { threshold: 0.02 }, market: settledAt(100 * DAY) });
    expect(sample).toMatchObject({ dailyReturns: 101, days: 100 });
    expect(weak.sharpe).toBe('10 daily returns up to the last bar, fewer than 30');
    expect(weak.cagr).toBeUndefined();
  });

  it.each([
    ['before', 6 * DAY - HOUR],
    ['at the very moment at which', 6 * DAY],
  ])('adds no evidence after a close %s a bar opens: later bars are not scored and make no ratio stronger', (_, closesAt) => {
    const short = walk(6, 3, { probability: true, step: DAY });
    const long = walk(46, 3, { probability: true, step: DAY });
    for (let i = 6; i < long.length; i++) for (const column of ['open', 'high', 'low', 'close'] as const) long[column][i] = 0.999;
    const of = (candles: typeof short) =>
      runBacktest({ candles, strategy: favourite, params: { threshold: 0.02 }, market: settledAt(closesAt), options: { proofCuts: 0 } });
    const [before, after] = [of(short), of(long)];
    expect(after.weak.sharpe).toBe('6 daily returns up to the last bar, fewer than 30');
    expect(after.metrics.brier).toBe(before.metrics.brier);
    expect(after.metrics.logLoss).toBe(before.metrics.logLoss);
    expect(after.benchmark.marketBrier).toBe(before.benchmark.marketBrier);
    expect(after.benchmark.skill).toBe(before.benchmark.skill);
  });

  it('is not locked when the position was sold before, so that the series ends with its last bar', () => {
    const candles = walk(24 * 10, 3, { probability: true });
    const { sample, trades } = runBacktest({ candles, strategy: smaCross, params: { fast: 2, slow: 5 }, market: settledAt(100 * DAY) });
    expect(sample.dailyReturns).toBe(trades.at(-1)?.end === 'settlement' ? 101 : 10);
    const open = runBacktest({
      candles,
      strategy: favourite,
      params: { threshold: 0.02 },
      market: { ...settledAt(100 * DAY), resolution: { kind: 'open' } },
    });
    expect(open.sample.dailyReturns).toBe(10);
  });

  it('is locked until the result when no close is known', () => {
    const candles = walk(24 * 10, 3, { probability: true });
    const { sample } = runBacktest({ candles, strategy: favourite, params: { threshold: 0.02 }, market: settledAt(null, 50 * DAY) });
    expect(sample.dailyReturns).toBe(51);
  });
});
