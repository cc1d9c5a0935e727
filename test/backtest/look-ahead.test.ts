import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type Market, plainMarket } from '../../src/backtest/engine/market.ts';
import { runBacktest } from '../../src/backtest/run-backtest.ts';
import { shippedStrategies } from '../../src/backtest/strategies/registry.ts';
import { type BarsSoFar, type Decision, defineStrategy, type Signal, type Situation } from '../../src/backtest/strategy.ts';
import { walk } from './series.ts';

const strategy = (name: string, create: (bars: BarsSoFar, situation: Situation) => () => Decision) =>
  defineStrategy({ name, summary: 'for tests', params: z.strictObject({}), create: (_params, bars, situation) => create(bars, situation) });

/** The whole series' closes, for a strategy that watches the built-ins which the engine keeps indicator values in. */
function watched(bars: BarsSoFar): ArrayLike<number> {
  const { get, set } = Map.prototype;
  let seen: ArrayLike<number> = [];
  const look = (value: unknown): void => {
    if (value instanceof Float64Array) seen = value;
  };
  Object.assign(Map.prototype, {
    set(this: Map<unknown, unknown>, key: unknown, value: unknown) {
      look(value);
      return set.call(this, key, value);
    },
    get(this: Map<unknown, unknown>, key: unknown) {
      const value: unknown = get.call(this, key);
      look(value);
      return value;
    },
  });
  try {
    bars.indicator('sma', { period: 1 });
  } finally {
    Object.assign(Map.prototype, { get, set });
  }
  return seen;
}

/** Strategies that read the future of the series they are given. */
const PEEKERS = [
  strategy('peeks close[i+1]', (bars) => {
    const close = watched(bars);
    return () => ((close[bars.index + 1] ?? 0) > bars.close() ? 'long' : 'flat');
  }),
  strategy('peeks four bars ahead', (bars) => {
    const close = watched(bars);
    return () => ((close[bars.index + 4] ?? 0) > bars.close() + 0.02 ? 'long' : 'hold');
  }),
  strategy('knows the last price', (bars) => {
    const close = watched(bars);
    return () => (close[close.length - 1] > bars.close() ? 'long' : 'flat');
  }),
];

const market: Market = { ...plainMarket('probability'), resolution: { kind: 'settled', payout: 1, at: null } };
const seeds = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

describe('the look-ahead proof', () => {
  it.each(PEEKERS)('catches a strategy that $name, with every seed', (cheater) => {
    for (const seed of seeds) {
      const { lookAhead } = runBacktest({ candles: walk(168, seed, { probability: true }), strategy: cheater, market, options: { seed } });
      expect(lookAhead?.changed, `seed ${seed}`).toBeGreaterThan(0);
      expect(lookAhead?.verdict).toMatch(/^[1-9]\d* of \d+ decisions changed$/);
    }
  });

  it.each(shippedStrategies)('reports no look-ahead in $name', (shipped) => {
    for (const seed of seeds) {
      const { lookAhead } = runBacktest({
        candles: walk(300, seed, { probability: true }),
        strategy: shipped,
        market,
        options: { seed },
      });
      expect(lookAhead).toEqual({
        deterministic: true,
        tested: 299,
        of: 300,
        changed: 0,
        power: { peekEvery: 20, detected: expect.closeTo(1, 5) as number },
        firstBar: null,
        verdict: '0 of 300 decisions changed; 299 of 300 decisions tested, a peek on 1 bar in 20 would have been found with 99.9%',
      });
    }
  });

  it('reports no look-ahead in a strategy that keeps state or derives its own indicator', () => {
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

  /** Buys when flat with a stop and a target around the close, and gives up in the market's last hours. */
  const careful = strategy('is careful', (bars, situation) => () => {
    if (situation.position !== 0) return (situation.secondsLeft ?? 1e9) < 4 * 3600 || situation.equity < 8_000 ? 'flat' : 'hold';
    if (bars.close() > bars.close(1) || bars.close() <= 0.1 || bars.close() >= 0.9) return 'hold';
    const size = Math.min(1, situation.cash / 20_000);
    return {
      side: 'long',
      size,
      limit: bars.close() - 0.01,
      expires: bars.time() + 5 * 3_600_000,
      stop: bars.close() - 0.05,
      target: bars.close() + 0.05,
    };
  });

  it('covers strategies that read their account and place orders', () => {
    for (const seed of seeds) {
      const ends: Market = { ...market, closesAt: 160 * 3_600_000, endsAt: 160 * 3_600_000 };
      const { lookAhead, trades } = runBacktest({
        candles: walk(168, seed, { probability: true }),
        strategy: careful,
        market: ends,
        options: { seed, proofCuts: 4 },
      });
      expect(lookAhead).toMatchObject({ deterministic: true, changed: 0 });
      expect(new Set(trades.map(({ end }) => end)).size, `seed ${seed}`).toBeGreaterThan(1);
    }
  });

  it('catches an order of which only the price comes from the future', () => {
    const cheater = strategy('places its target well', (bars) => {
      const close = watched(bars);
      return () => {
        const peak = Math.max(...Array.from(close).slice(bars.index, bars.index + 5));
        return { side: 'long', target: Math.min(0.98, Math.max(0.02, peak)) };
      };
    });
    for (const seed of seeds) {
      const { lookAhead } = runBacktest({ candles: walk(168, seed, { probability: true }), strategy: cheater, market, options: { seed } });
      expect(lookAhead?.changed, `seed ${seed}`).toBeGreaterThan(0);
    }
  });

  it('can be switched off', () => {
    expect(runBacktest({ candles: walk(50, 1), strategy: shippedStrategies[0], options: { proofCuts: 0 } }).lookAhead).toBeNull();
  });
});

describe('a strategy that cheats', () => {
  const run = (cheater: ReturnType<typeof strategy>, seed = 3) =>
    runBacktest({ candles: walk(168, seed, { probability: true }), strategy: cheater, market }).lookAhead;

  it('finds no later bars when it inspects the internals of its window', () => {
    const found: unknown[] = [];
    run(
      strategy('digs', (bars) => {
        const average = bars.indicator('sma', { period: 3 });
        for (const held of [bars, average, Object.getPrototypeOf(bars), Object.getPrototypeOf(average)] as object[])
          for (const key of Reflect.ownKeys(held)) {
            const { value } = Object.getOwnPropertyDescriptor(held, key) as PropertyDescriptor;
            if (value !== null && value !== undefined && typeof value !== 'function') found.push([key, value]);
          }
        return () => 'hold';
      }),
    );
    expect(found).toEqual([]);
  });

  it('finds no method that moves the clock', () => {
    const keys: PropertyKey[] = [];
    run(
      strategy('advances', (bars) => {
        for (let at: object | null = bars; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at) as object | null)
          keys.push(...Reflect.ownKeys(at));
        return () => 'hold';
      }),
    );
    expect(keys).not.toContain('advance');
    expect(keys).toContain('close');
  });

  it('is reported as not deterministic when its decisions are random', () => {
    const random = Math.random;
    const lookAhead = run(strategy('draws', () => () => (random() > 0.5 ? 'long' : 'flat')));
    expect(lookAhead).toMatchObject({ deterministic: false, tested: 0 });
    expect(lookAhead?.changed).toBeGreaterThan(0);
    expect(lookAhead?.verdict).toMatch(/^not deterministic: \d+ of 168 decisions were others on the same data$/);
  });

  it('is caught when it remembers the series in its module, also from an earlier backtest', () => {
    const learned = new Map<number, number>();
    const learner = strategy('remembers', (bars) => () => {
      learned.set(bars.time(), bars.close());
      return (learned.get(bars.time() + 3_600_000) ?? 0) > bars.close() ? 'long' : 'flat';
    });
    expect(run(learner)).toMatchObject({ deterministic: false });
    expect(run(learner)).toMatchObject({ deterministic: false });
    const byIndex: number[] = [];
    const counter = strategy('counts', (bars) => () => {
      byIndex[bars.index] = bars.close();
      return (byIndex[bars.index + 1] ?? 0) > bars.close() ? 'long' : 'flat';
    });
    expect(run(counter)?.changed).toBeGreaterThan(0);
    expect(run(counter)?.changed).toBeGreaterThan(0);
  });
});

describe('a strategy', () => {
  it('sees its account as it was at the bar’s close, and null for what was not known', () => {
    const seen: Situation[] = [];
    const looker = strategy('looks at all', (_bars, situation) => {
      const look = ({ position, entryPrice, cash, equity, secondsLeft, bid, ask, twin }: Situation): void => {
        seen.push({ position, entryPrice, cash, equity, secondsLeft, bid, ask, twin });
      };
      look(situation);
      return () => {
        look(situation);
        return 'long';
      };
    });
    const candles = walk(3, 1, { probability: true });
    const hour = 3_600_000;
    const ends = { ...plainMarket('probability'), endsAt: 10 * hour, books: [{ bid: 0.4, ask: null, at: 2 * hour }] };
    runBacktest({ candles, strategy: looker, market: ends, options: { proofCuts: 0, cash: 100, sizing: { kind: 'fixed', units: 2 } } });
    const at = candles.open[1];
    const none = { position: 0, entryPrice: null, cash: 100, equity: 100, twin: null };
    expect(seen).toEqual([
      { ...none, secondsLeft: null, bid: null, ask: null },
      { ...none, secondsLeft: 9 * 3600, bid: null, ask: null },
      {
        position: 2,
        entryPrice: at,
        cash: 100 - 2 * at,
        equity: 100 + 2 * (candles.close[1] - at),
        secondsLeft: 8 * 3600,
        bid: 0.4,
        ask: null,
        twin: null,
      },
      {
        position: 2,
        entryPrice: at,
        cash: 100 - 2 * at,
        equity: 100 + 2 * (candles.close[2] - at),
        secondsLeft: 7 * 3600,
        bid: 0.4,
        ask: null,
        twin: null,
      },
    ]);
  });

  it.each([
    ['a wrong name', (bars: BarsSoFar) => bars.indicator('smaa' as 'sma', { period: 3 }), "strategy 'wrong': there is no indicator 'smaa'"],
    ['a wrong period', (bars: BarsSoFar) => bars.indicator('sma', { period: 0 }), "strategy 'wrong': the indicator sma, period: "],
    ['a bare number', (bars: BarsSoFar) => bars.indicator('sma', 20 as never), 'the indicator sma takes { period }, got 20'],
    [
      'a wrong parameter',
      (bars: BarsSoFar) => bars.indicator('sma', { length: 3 } as never),
      'the indicator sma has no parameter length, it takes period',
    ],
  ])('gets an error of one sentence for an indicator with %s, instead of never trading', (_what, ask, sentence) => {
    const wrong = strategy('wrong', (bars) => {
      ask(bars);
      return () => 'hold';
    });
    expect(() => runBacktest({ candles: walk(5, 1), strategy: wrong })).toThrow(sentence);
  });

  it('sees bars up to the present one; any other index reads as not a number', () => {
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

  it.each<[string, () => unknown, string]>([
    ['returns nothing that decides', () => 'long', "strategy 'broken': create must return a function that decides at each bar"],
    [
      'calls a function that does not exist',
      () => () => (undefined as unknown as { at(): string }).at(),
      "strategy 'broken' at bar 0 (1970-01-01T00:00:00.000Z): ",
    ],
    ['returns a promise', () => async () => await Promise.resolve('long'), 'returned a promise; it must return hold'],
    ['returns two orders', () => () => [{ side: 'long' }, { side: 'short' }], 'returned a list; it must return hold'],
    ['returns the name of an object property', () => () => 'toString', "returned 'toString'; it must return hold"],
  ])('that %s is an error that names it', (_what, create, sentence) => {
    const broken = strategy('broken', create as () => () => Signal);
    expect(() => runBacktest({ candles: walk(5, 1), strategy: broken })).toThrow(sentence);
  });

  it('of a plugin is named with its module in an error', () => {
    const fail = (): never => {
      throw new Error('boom');
    };
    const mine = { ...strategy('mine', () => fail), module: './desk.mjs' };
    expect(() => runBacktest({ candles: walk(5, 1), strategy: mine })).toThrow(
      "strategy 'mine' of plugin ./desk.mjs at bar 0 (1970-01-01T00:00:00.000Z): boom",
    );
  });

  it('that returns an unknown signal is refused, with the signal in the message', () => {
    const odd = strategy('odd', () => () => 'buy' as Signal);
    expect(() => runBacktest({ candles: walk(5, 1), strategy: odd })).toThrow(
      "strategy 'odd' at bar 0 (1970-01-01T00:00:00.000Z): returned 'buy'; it must return hold, long, short or flat, or an order { side, size, limit, expires, stop, target }",
    );
  });
});
