import { expect, it } from 'vitest';
import { z } from 'zod';
import { plainMarket } from '../../src/backtest/engine/market.ts';
import { runBacktest } from '../../src/backtest/run-backtest.ts';
import { defineStrategy } from '../../src/backtest/strategy.ts';
import { HOUR, walk } from './series.ts';

/** Every object that can be reached from the roots through prototypes, properties and accessors. */
function reachable(...roots: readonly unknown[]): Map<object, string> {
  const found = new Map<object, string>();
  const follow = (value: unknown, path: string): void => {
    if (value === null || (typeof value !== 'object' && typeof value !== 'function') || found.has(value)) return;
    found.set(value, path);
    follow(Object.getPrototypeOf(value), `${path}.__proto__`);
    for (const key of Reflect.ownKeys(value)) {
      const { get, set, value: own } = Object.getOwnPropertyDescriptor(value, key) ?? {};
      for (const part of [get, set, own]) follow(part, `${path}.${String(key)}`);
    }
  };
  for (const [index, root] of roots.entries()) follow(root, String(index));
  return found;
}

const candles = walk(60, 3, { probability: true });

/** What one backtest gives to its strategy. */
function given(): Map<object, string> {
  let found: Map<object, string> | undefined;
  const strategy = defineStrategy({
    name: 'looks',
    summary: 'for tests',
    params: z.strictObject({}),
    create: (_params, bars, situation) => {
      const average = bars.indicator('sma', { period: 2 });
      const bands = bars.indicator('bollinger', { period: 3, deviations: 2 });
      const longer = bars.interval('4h');
      const longerAverage = longer.indicator('sma', { period: 2 });
      const own = bars.derive((seen) => seen.close());
      return () => {
        if (bars.index === 20) {
          const { twin } = situation;
          if (twin === null) throw new Error('the backtest has no twin');
          const ofTwin = twin.indicator('sma', { period: 2 });
          found = reachable(bars, situation, average, bands, longer, longerAverage, own, twin, ofTwin);
        }
        return 'hold';
      };
    },
  });
  runBacktest({ candles, strategy, market: plainMarket('probability'), twin: { id: 'predict:1', candles, barMs: HOUR } });
  if (found === undefined) throw new Error('the strategy did not decide');
  return found;
}

it('everything that two backtests share with their strategies is frozen, so that none leaves a message for the next', () => {
  const builtIn = reachable(globalThis, (function* () {})(), (async () => {})());
  const first = given();
  const second = given();
  const shared = [...second].filter(([one]) => first.has(one) && !builtIn.has(one));
  expect(shared.length).toBeGreaterThan(20);
  expect(shared.filter(([one]) => !Object.isFrozen(one)).map(([, path]) => path)).toEqual([]);
});
