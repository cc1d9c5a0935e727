import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Market, plainMarket } from '../../src/backtest/engine/market.ts';
import { impliedBeliefs } from '../../src/backtest/metrics/forecast-scores.ts';
import { runBacktest } from '../../src/backtest/run-backtest.ts';
import { buyAndHold, favourite, smaCross } from '../../src/backtest/strategies/shipped.ts';
import { bars, closes, HOUR, walk } from './series.ts';

const paid = (payout: number): Market => ({ ...plainMarket('probability'), resolution: { kind: 'settled', payout, at: null } });

describe('the benchmark beside a result', () => {
  it('is buying and holding on the terms of the result', () => {
    const candles = walk(300, 4, { probability: true });
    const options = { maxVolumeShare: 0.1, halfSpread: 0.01, cash: 500 };
    const market = paid(1);
    const { benchmark } = runBacktest({ candles, strategy: smaCross, params: { fast: 3, slow: 9 }, market, options });
    const { metrics } = runBacktest({ candles, strategy: buyAndHold, market, options });
    const { totalReturn, sharpe, maxDrawdown, finalEquity } = metrics;
    expect(benchmark.buyAndHold).toEqual({ totalReturn, sharpe, maxDrawdown, finalEquity });
    expect(benchmark.marketBrier).toBe(metrics.brier);
  });

  it('equals a backtest of buying and holding to the last digit, in every market and on any terms', () => {
    const world = fc.record({
      seed: fc.integer({ min: 1, max: 999 }),
      length: fc.integer({ min: 2, max: 120 }),
      probability: fc.boolean(),
      payout: fc.constantFrom(null, 0, 0.5, 1),
      closes: fc.option(fc.integer({ min: 0, max: 130 }), { nil: null }),
      tickSize: fc.constantFrom(null, 0.01),
      maxVolumeShare: fc.constantFrom(null, 0.001, 0.1),
      halfSpread: fc.constantFrom(0, 0.02),
      rate: fc.constantFrom(0, 0.02),
    });
    fc.assert(
      fc.property(world, ({ seed, length, probability, payout, closes: closed, tickSize, maxVolumeShare, halfSpread, rate }) => {
        const candles = walk(length, seed, { probability });
        const market: Market = {
          ...plainMarket(probability ? 'probability' : 'asset', { model: 'flat', rate }),
          tickSize,
          closesAt: closed === null ? null : candles.openTime[0] + closed * HOUR,
          resolution: probability && payout !== null ? { kind: 'settled', payout, at: null } : { kind: 'open' },
        };
        const options = { maxVolumeShare, halfSpread, proofCuts: 0 };
        const { benchmark, weak } = runBacktest({ candles, strategy: favourite, params: { threshold: 0.3 }, market, options });
        const { metrics, weak: heldWeak } = runBacktest({ candles, strategy: buyAndHold, market, options });
        const { totalReturn, sharpe, maxDrawdown, finalEquity } = metrics;
        expect(benchmark.buyAndHold).toEqual({ totalReturn, sharpe, maxDrawdown, finalEquity });
        expect(benchmark.weak['buyAndHold.sharpe']).toBe(heldWeak.sharpe);
        for (const name of ['marketBrier', 'beliefBrier', 'skill'] as const)
          expect(benchmark.weak[name]).toBe(benchmark[name] === null ? undefined : '1 outcome, fewer than 10');
        expect(weak.brier).toBe(metrics.brier === null ? undefined : '1 outcome, fewer than 10');
      }),
    );
  });

  it('reports a skill of 0 for a strategy that holds nothing, and an extreme one for all money on one outcome', () => {
    const candles = closes([0.4, 0.4, 0.5, 0.6]);
    const flat = runBacktest({ candles, strategy: favourite, params: { threshold: 0.99 }, market: paid(1) });
    expect(flat.benchmark).toMatchObject({ skill: 0 });
    const held = (payout: number) => runBacktest({ candles, strategy: buyAndHold, market: paid(payout) }).benchmark;
    // certain from the second close on: the first one is the market's own 0.4
    expect(held(1).beliefBrier).toBeCloseTo(0.6 ** 2 / 4, 9);
    expect(held(1).skill).toBeGreaterThan(0.6);
    expect(held(0).beliefBrier).toBeCloseTo((0.4 ** 2 + 3) / 4, 9);
    expect(held(0).skill).toBeLessThan(-2);
  });

  it('states the reason when no skill can be measured', () => {
    const why = (market: Market, prices = [0.4, 0.5, 0.6]) =>
      runBacktest({ candles: closes(prices), strategy: buyAndHold, market }).benchmark.undefined['skill'];
    expect(why(plainMarket('asset'))).toBe('an asset has no outcome to forecast');
    expect(why(plainMarket('probability'))).toBe('the market has not resolved');
    expect(why(paid(0.5))).toBe('the market paid neither 0 nor 1');
    expect(why(paid(1), [1, 1, 1])).toBe('the price was never wrong');
  });

  it('takes as the belief the probability at which the Kelly criterion stakes exactly the held share', () => {
    const world = fc.record({
      price: fc.double({ min: 0.01, max: 0.99, noNaN: true }),
      share: fc.double({ min: 0.01, max: 1, noNaN: true }),
      long: fc.boolean(),
    });
    fc.assert(
      fc.property(world, ({ price, share, long }) => {
        const unit = long ? price : 1 - price;
        const trade = {
          entryBar: 0,
          exitBar: 1,
          side: long ? ('long' as const) : ('short' as const),
          size: (share * 100) / unit,
          entryPrice: price,
          exitPrice: price,
          pnl: 0,
          fees: 0,
          end: 'mark' as const,
        };
        const candles = bars([0, 1].map(() => [price, price, price, price]));
        const beliefs = impliedBeliefs(candles, { trades: [trade], equity: Float64Array.of(100, 100), lastMark: 100 });
        for (const first of beliefs) {
          const belief = long ? first : 1 - first;
          expect((belief - unit) / (1 - unit)).toBeCloseTo(share, 6);
        }
      }),
    );
  });
});
