import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type Market, plainMarket } from '../../src/backtest/engine/market.ts';
import { runBacktest } from '../../src/backtest/run-backtest.ts';
import { type BarsSoFar, type Decision, defineStrategy } from '../../src/backtest/strategy.ts';
import { bars, HOUR } from './series.ts';

const open: Market = { ...plainMarket('probability'), tickSize: 0.01 };

const scripted = (decide: (bars: BarsSoFar) => Decision) =>
  defineStrategy({ name: 'scripted', summary: 'for tests', params: z.strictObject({}), create: (_params, view) => () => decide(view) });

/** Trades what is said at the first bar. */
function trade(rows: readonly (readonly number[])[], first: Decision, market: Market = open, halfSpread = 0) {
  const strategy = scripted((view) => (view.index === 0 ? first : 'hold'));
  const options = { side: 'both', cash: 100, halfSpread, proofCuts: 0 } as const;
  return runBacktest({ candles: bars(rows, { step: HOUR }), strategy, market, options });
}

const half = [0.5, 0.5, 0.5, 0.5];

describe('a stop order whose price the open has already passed', () => {
  it('does not fill at its own price when the open is below the lowest price that can be traded', () => {
    const { trades, unfilled } = trade([half, half, [0.004, 0.004, 0.004, 0.004], [0.004, 0.004, 0.004, 0.004]], {
      side: 'long',
      stop: 0.3,
    });
    expect(trades.map(({ end }) => end)).toEqual(['mark']);
    expect(unfilled).toEqual({ beyondTick: 1 });
  });

  it('does not fill at its own price when the open minus the spread is below a tick', () => {
    const { trades } = trade([half, half, [0.01, 0.4, 0.01, 0.01], half], { side: 'long', stop: 0.3 }, open, 0.005);
    expect(trades.map(({ end }) => end)).toEqual(['mark']);
  });

  it('does not fill at its own price for a short position either', () => {
    const { trades } = trade([half, half, [0.996, 0.996, 0.6, 0.996], half], { side: 'short', stop: 0.7 });
    expect(trades.map(({ end }) => end)).toEqual(['mark']);
  });

  it('fills at the open when the open can be traded', () => {
    const { trades } = trade([half, half, [0.2, 0.4, 0.1, 0.2], half], { side: 'long', stop: 0.3 });
    expect(trades).toMatchObject([{ exitPrice: 0.2, end: 'stop' }]);
  });
});

describe('the bar in which a market closes', () => {
  const rows = [half, half, [0.5, 0.99, 0.01, 0.99], [0.99, 0.99, 0.99, 0.99]];
  const closing: Market = { ...open, closesAt: 2.5 * HOUR };

  it('fills no limit, stop or target, because part of its price range comes after the close', () => {
    expect(trade(rows, { side: 'long', limit: 0.2 }, closing)).toMatchObject({ trades: [], unfilled: { expired: 1 } });
    expect(trade(rows, { side: 'long', target: 0.9 }, closing).trades).toMatchObject([{ end: 'mark' }]);
    expect(trade(rows, { side: 'long', stop: 0.2 }, closing).trades).toMatchObject([{ end: 'mark' }]);
  });

  it('is traded as a whole when the market closes at its end', () => {
    expect(trade(rows, { side: 'long', target: 0.9 }, { ...open, closesAt: 3 * HOUR }).trades).toMatchObject([{ exitPrice: 0.9 }]);
  });
});

describe('a day of 24 hours after one of 23, at the change to daylight saving', () => {
  const long = [0.5, 0.99, 0.01, 0.99];
  const days = bars([half, half, long, long]);
  // days of 23, 24, 24 and 24 hours
  days.openTime.set([0, 23, 47, 71].map((hours) => hours * HOUR));
  const on = (first: Decision, closesAt: number | null, candles = days) => {
    const strategy = scripted((view) => (view.index === 0 ? first : 'hold'));
    return runBacktest({ candles, strategy, market: { ...open, closesAt }, options: { cash: 100, halfSpread: 0, proofCuts: 0 } });
  };

  it('fills no limit inside the day in which the market closes', () => {
    const late: Decision = { side: 'long', limit: 0.2 };
    const upToDay3 = bars([half, half, half, long]);
    upToDay3.openTime.set(days.openTime);
    expect(on(late, 94.5 * HOUR, upToDay3)).toMatchObject({ trades: [], unfilled: { expired: 1 } });
    expect(on(late, 95 * HOUR, upToDay3).trades).toMatchObject([{ entryPrice: 0.2 }]);
  });

  it('fills no limit inside the day in which the order expires', () => {
    expect(on({ side: 'long', limit: 0.2, expires: 70.5 * HOUR }, null)).toMatchObject({ trades: [], unfilled: { expired: 1 } });
    expect(on({ side: 'long', limit: 0.2, expires: 71 * HOUR }, null).trades).toMatchObject([{ entryPrice: 0.2 }]);
  });
});

describe('an order that rests in the book', () => {
  it('fills at an open that is exactly its price, for buyers and sellers', () => {
    for (const side of ['long', 'short'] as const)
      expect(trade([half, half, half], { side, limit: 0.5 }).trades).toMatchObject([{ side, entryBar: 1, entryPrice: 0.5 }]);
  });

  it('fills when the price has gone through its limit, not when it has only touched it', () => {
    expect(trade([half, [0.5, 0.5, 0.4, 0.5], half], { side: 'long', limit: 0.4 }).trades).toEqual([]);
    expect(trade([half, [0.5, 0.5, 0.39, 0.5], half], { side: 'long', limit: 0.4 }).trades).toMatchObject([{ entryPrice: 0.4 }]);
    expect(trade([half, [0.5, 0.6, 0.5, 0.5], half], { side: 'long', target: 0.6 }).trades).toMatchObject([{ end: 'mark' }]);
    expect(trade([half, [0.5, 0.61, 0.5, 0.5], half], { side: 'long', target: 0.6 }).trades).toMatchObject([
      { exitPrice: 0.6, end: 'target' },
    ]);
  });

  it('pays no fee at a venue that charges only takers, while a market order does', () => {
    const charged: Market = { ...open, fees: { model: 'polymarket', rate: 0.05 } };
    const rows = [half, [0.5, 0.5, 0.3, 0.5], [0.5, 0.7, 0.5, 0.5], half];
    expect(trade(rows, { side: 'long', limit: 0.4, target: 0.6 }, charged).trades).toMatchObject([{ fees: 0, exitPrice: 0.6 }]);
    expect(trade(rows, 'long', charged).trades[0].fees).toBeGreaterThan(0);
  });
});

describe('candles', () => {
  it('with a high below their low are refused', () => {
    expect(() => trade([half, [0.5, 0.4, 0.6, 0.5], half], 'long')).toThrow('bar 1: high 0.4 is below low 0.6; repair or remove the bar');
  });
});

describe('a strategy', () => {
  it('can read how long its bars last', () => {
    let seen: number | undefined;
    const strategy = scripted((view) => {
      seen = view.barMs;
      return 'hold';
    });
    runBacktest({ candles: bars([half, half, half], { step: HOUR }), strategy, market: open });
    expect(seen).toBe(HOUR);
  });

  it('cannot change its parameters', () => {
    const strategy = defineStrategy({
      name: 'greedy',
      summary: 'for tests',
      params: z.strictObject({ list: z.object({ a: z.number() }) }),
      create: (params) => () => {
        params.list.a++;
        return 'hold';
      },
    });
    expect(() => runBacktest({ candles: bars([half, half], { step: HOUR }), strategy, params: { list: { a: 1 } } })).toThrow(
      /Cannot assign to read only property/,
    );
  });
});
