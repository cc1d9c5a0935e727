import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { CandleSeries } from '../../src/backtest/engine/candle-series.ts';
import { type Market, plainMarket } from '../../src/backtest/engine/market.ts';
import { runBacktest } from '../../src/backtest/run-backtest.ts';
import { shippedStrategies } from '../../src/backtest/strategies/registry.ts';
import { type BarsSoFar, defineStrategy, type Signal } from '../../src/backtest/strategy.ts';
import { walk } from './series.ts';

/** What a strategy can get hold of by going around the types. */
const behind = (bars: BarsSoFar): { candles: CandleSeries; about: Market } => bars as never;

const strategy = (name: string, create: (bars: BarsSoFar) => () => Signal) =>
  defineStrategy({ name, summary: 'for tests', params: z.strictObject({}), create: (_params, bars) => create(bars) });

const CHEATERS = [
  strategy('peeks close[i+1]', (bars) => () => ((behind(bars).candles.close[bars.index + 1] ?? 0) > bars.close() ? 'long' : 'flat')),
  strategy(
    "peeks the fill bar's high",
    (bars) => () => ((behind(bars).candles.high[bars.index + 1] ?? 0) > bars.close() * 1.01 ? 'long' : 'hold'),
  ),
  strategy('knows the last price', (bars) => {
    const { close } = behind(bars).candles;
    return () => (close[close.length - 1] > bars.close() ? 'long' : 'flat');
  }),
  strategy('knows the resolution', (bars) => () => {
    const { resolution } = behind(bars).about;
    return resolution.kind === 'settled' && resolution.payout === 1 ? 'long' : 'hold';
  }),
  strategy('avoids losers by the resolution', (bars) => () => {
    const { resolution } = behind(bars).about;
    return resolution.kind === 'settled' && resolution.payout === 0 ? 'flat' : 'long';
  }),
];

const market: Market = { ...plainMarket('probability'), resolution: { kind: 'settled', payout: 1, at: null } };
const seeds = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

describe('the look-ahead proof', () => {
  it.each(CHEATERS)('catches a strategy that $name, with every seed', (cheater) => {
    for (const seed of seeds) {
      const { lookAhead } = runBacktest({ candles: walk(168, seed, { probability: true }), strategy: cheater, market, options: { seed } });
      expect(lookAhead?.changed, `seed ${seed}`).toBeGreaterThan(0);
      expect(lookAhead?.verdict).toMatch(/^[1-9]\d* of \d+ decisions changed$/);
    }
  });

  it.each(shippedStrategies)('finds nothing in $name', (shipped) => {
    for (const seed of seeds) {
      const { lookAhead } = runBacktest({
        candles: walk(300, seed, { probability: true }),
        strategy: shipped,
        market,
        options: { seed, proofCuts: 12 },
      });
      expect(lookAhead).toMatchObject({ changed: 0, firstBar: null });
      expect(lookAhead?.cuts).toHaveLength(12);
      expect(lookAhead?.verdict).toBe(`0 of ${lookAhead?.of} decisions changed`);
      expect(lookAhead?.of).toBe(lookAhead?.cuts.reduce((sum, cut) => sum + cut + 1, 0));
    }
  });

  it('finds nothing in a strategy that keeps state or derives its own indicator', () => {
    const honest = strategy('remembers', (bars) => {
      let highest = 0;
      const peak = bars.derive((now) => {
        highest = Math.max(highest, now.high());
        return highest;
      });
      return () => (bars.close() < peak.at() * 0.95 ? 'long' : bars.close() >= peak.at(1) ? 'flat' : 'hold');
    });
    const { lookAhead, trades } = runBacktest({ candles: walk(500, 4), strategy: honest });
    expect(lookAhead?.changed).toBe(0);
    expect(trades.length).toBeGreaterThan(0);
  });

  it('can be left out', () => {
    expect(runBacktest({ candles: walk(50, 1), strategy: shippedStrategies[0], options: { proofCuts: 0 } }).lookAhead).toBeNull();
  });
});

describe('what a strategy sees', () => {
  it('ends at the present bar: anything else reads as not a number', () => {
    const seen: unknown[] = [];
    const looker = strategy('looks around', (bars) => {
      const average = bars.indicator('sma', { period: 2 });
      return () => {
        if (bars.index === 2)
          seen.push(
            bars.close(-1),
            bars.close(3),
            bars.high(0.5),
            average.at(-1),
            bars.close(),
            bars.close(2),
            average.at(),
            average.at(2),
            bars.time(),
            bars.market,
          );
        return 'hold';
      };
    });
    const candles = walk(5, 1);
    runBacktest({ candles, strategy: looker, options: { proofCuts: 0 } });
    const { close, openTime } = candles;
    expect(seen).toEqual([
      Number.NaN,
      Number.NaN,
      Number.NaN,
      Number.NaN,
      close[2],
      close[0],
      (close[1] + close[2]) / 2,
      Number.NaN,
      openTime[2],
      'asset',
    ]);
  });

  it('an answer that is no signal is refused by name', () => {
    const odd = strategy('odd', () => () => 'buy' as Signal);
    expect(() => runBacktest({ candles: walk(5, 1), strategy: odd })).toThrow(
      "strategy 'odd' answered 'buy' at bar 0; it must answer hold, long, short or flat",
    );
  });
});
