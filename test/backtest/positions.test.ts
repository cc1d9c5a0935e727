import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Market, plainMarket } from '../../src/backtest/engine/market.ts';
import { DEFAULT_OPTIONS } from '../../src/backtest/engine/options.ts';
import { positionsOf } from '../../src/backtest/engine/trading/positions.ts';
import { FLAT, HOLD, LONG, SHORT, wordsOnly } from '../../src/backtest/engine/trading/trade.ts';
import { simulate } from '../../src/backtest/engine/trading/trader.ts';
import { runBacktest } from '../../src/backtest/run-backtest.ts';
import { smaCross } from '../../src/backtest/strategies/shipped.ts';
import { worlds } from '../support/worlds.ts';
import { bars, HOUR, walk } from './series.ts';

const open = (facts: Partial<Market> = {}): Market => ({ ...plainMarket('probability'), ...facts });
const signals = fc.array(fc.constantFrom(HOLD, HOLD, LONG, SHORT, FLAT), { minLength: 40, maxLength: 40 });

describe('trade statistics', () => {
  it('count a position once, in however many parts it was sold', () => {
    const thin = bars(
      [0.5, 0.5, 0.6, 0.6, 0.6, 0.6].map((at, i) => [at, at, at, at, i === 1 ? 100 : 30]),
      { step: 86_400_000 },
    );
    const options = { ...DEFAULT_OPTIONS, maxVolumeShare: 0.5 };
    const { trades, unfilled } = simulate(thin, wordsOnly(Uint8Array.from([LONG, FLAT, HOLD, HOLD, HOLD, HOLD])), {
      market: open(),
      options,
      barMs: HOUR,
    });
    expect(trades.map(({ size }) => size)).toEqual([15, 15, 15, 5]);
    expect(positionsOf(trades)).toMatchObject({ count: 1, closed: [expect.closeTo(5, 9)] });
    expect(unfilled).toEqual({ heldBack: 1 });
  });

  it('do not count a position as closed while a part of it is still held', () => {
    const thin = bars([0.5, 0.5, 0.6, 0.6].map((at, i) => [at, at, at, at, i === 1 ? 100 : 30]));
    const options = { ...DEFAULT_OPTIONS, maxVolumeShare: 0.5 };
    const { trades } = simulate(thin, wordsOnly(Uint8Array.from([LONG, FLAT, HOLD, HOLD])), { market: open(), options, barMs: HOUR });
    expect(trades.map(({ end }) => end)).toEqual(['signal', 'signal', 'mark']);
    expect(positionsOf(trades)).toMatchObject({ count: 1, closed: [] });
  });

  it('count each position from entry to exit once, and their profits add up to the equity', () => {
    fc.assert(
      fc.property(signals, fc.nat(999), fc.constantFrom(null, 0.01, 0.1), (decided, seed, maxVolumeShare) => {
        const candles = walk(40, seed, { probability: true });
        const market = open({ resolution: { kind: 'settled', payout: 1, at: null }, tickSize: 0.01 });
        const options = { ...DEFAULT_OPTIONS, side: 'both', maxVolumeShare } as const;
        const { trades, equity, unfilled } = simulate(candles, wordsOnly(Uint8Array.from(decided)), {
          market: market,
          options,
          barMs: HOUR,
        });
        const { count, closed } = positionsOf(trades);
        expect(count).toBe(new Set(trades.map(({ entryBar }) => entryBar)).size);
        expect(closed.length).toBe(count);
        expect(10_000 + closed.reduce((sum, pnl) => sum + pnl, 0)).toBeCloseTo(equity[39], 6);
        const inParts = count === trades.length ? 0 : 1;
        expect(unfilled.heldBack ?? 0).toBeGreaterThanOrEqual(inParts);
        if (maxVolumeShare === null) expect([unfilled.heldBack, trades.length]).toEqual([undefined, count]);
      }),
      { numRuns: worlds(300) },
    );
  });

  it('are those of the result: a position sold in a hundred parts is one trade, and the statistics are weak', () => {
    const candles = { ...walk(2000, 8, { probability: true }), volume: new Float64Array(2000).fill(40) };
    const { metrics, sample, weak, trades } = runBacktest({
      candles,
      strategy: smaCross,
      params: { fast: 200, slow: 500 },
      market: open({ resolution: { kind: 'settled', payout: 1, at: null } }),
      options: { maxVolumeShare: 0.1, sizing: { kind: 'fixed', units: 4 }, proofCuts: 0 },
    });
    expect(metrics.trades).toBe(new Set(trades.map(({ entryBar }) => entryBar)).size);
    expect(sample.trades).toBe(metrics.trades);
    expect(weak.winRate).toBe(`${sample.trades} trade${sample.trades === 1 ? '' : 's'}, fewer than 10`);
  });
});

describe('a position that is still open at the last bar', () => {
  it('is closed at the same cost as a sale at one more open would have', () => {
    fc.assert(
      fc.property(
        signals,
        fc.nat(999),
        fc.constantFrom('asset', 'probability'),
        fc.constantFrom(0, 0.01, 0.04),
        fc.constantFrom(0, 0.02),
        (decided, seed, kind, halfSpread, rate) => {
          const candles = walk(40, seed, { probability: true });
          const market: Market = { ...open(), kind, tickSize: 0.01, fees: { model: 'flat', rate } };
          const options = { ...DEFAULT_OPTIONS, side: 'both', halfSpread, slippageTicks: 1, maxVolumeShare: null } as const;
          const ended = simulate(candles, wordsOnly(Uint8Array.from(decided)), { market: market, options, barMs: HOUR }, true);
          const last = candles.close[39];
          const column = (values: Float64Array, value: number): Float64Array => Float64Array.from([...values, value]);
          const longer = {
            length: 41,
            openTime: column(candles.openTime, candles.openTime[39] + 3_600_000),
            open: column(candles.open, last),
            high: column(candles.high, last),
            low: column(candles.low, last),
            close: column(candles.close, last),
            volume: column(candles.volume, Number.NaN),
          };
          const left = simulate(longer, wordsOnly(Uint8Array.from([...decided.slice(0, 39), FLAT, HOLD])), {
            market: market,
            options,
            barMs: HOUR,
          });
          expect(ended.equity[39]).toBeCloseTo(left.equity[40], 8);
          expect(ended.unfilled).toEqual(left.unfilled);
        },
      ),
      { numRuns: worlds(300) },
    );
  });

  it('is counted when the volume cap would have delayed its sale', () => {
    const thin = bars([10, 10, 10].map((at, i) => [at, at, at, at, i === 1 ? 100 : 2]));
    const options = { ...DEFAULT_OPTIONS, maxVolumeShare: 0.5 };
    const { trades, unfilled } = simulate(thin, wordsOnly(Uint8Array.from([LONG, HOLD, HOLD])), {
      market: plainMarket('asset'),
      options,
      barMs: HOUR,
    });
    expect(trades).toMatchObject([{ size: 50, exitPrice: 10, end: 'end' }]);
    expect(unfilled).toEqual({ heldBack: 1 });
  });
});
