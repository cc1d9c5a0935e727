import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { plainMarket } from '../../src/backtest/engine/market.ts';
import { runBacktest } from '../../src/backtest/run-backtest.ts';
import type { Strategy } from '../../src/backtest/strategy.ts';
import { INTERVAL_MS, INTERVALS, type Interval } from '../../src/contracts/words.ts';
import { walk } from './series.ts';

interface Plugin {
  readonly strategies: Readonly<Record<string, Strategy>>;
}

const example = async (name: string): Promise<Plugin> =>
  ((await import(new URL(`../../examples/${name}.mjs`, import.meta.url).href)) as { default: Plugin }).default;
const named = ([name, strategy]: readonly [string, object]): Strategy => ({ version: '1', ...strategy, name }) as Strategy;

/** The strategies in the JavaScript blocks of docs/backtest.md: a whole plugin, or only its `create`. */
const blocks = [...readFileSync(new URL('../../docs/backtest.md', import.meta.url), 'utf8').matchAll(/```js\n([\s\S]*?)```/g)];
const params = z.object({ belief: z.number().default(0.6), stop: z.number().default(0.1), edge: z.number().default(0.05) });
const documented = blocks.flatMap(([, code], i): Strategy[] => {
  const text = code.startsWith('create') ? `return { strategies: { 'block ${i + 1}': { ${code} } } };` : code.replace(/^import.*$/m, '');
  // oxlint-disable-next-line typescript/no-implied-eval -- the documentation's own code
  const plugin = new Function('z', text.replace('export default', 'return'))(z) as Plugin;
  return Object.entries(plugin.strategies).map(([name, strategy]) => named([name, Object.assign({ params }, strategy)]));
});
const strategies = [
  ...Object.entries((await example('kelly-plugin')).strategies).map(named),
  ...Object.entries((await example('twin-plugin')).strategies).map(named),
  ...documented,
];

/** Bars of an interval that move as walks do. */
const barsOf = (interval: Interval, seed: number) => {
  const candles = walk(400, seed, { probability: true });
  return { ...candles, openTime: candles.openTime.map((_, i) => i * INTERVAL_MS[interval]) };
};

describe('the strategies of the documentation and the examples', () => {
  it.each(INTERVALS)('trade bars of %s', (interval) => {
    const candles = barsOf(interval, 3);
    const market = { ...plainMarket('probability'), tickSize: 0.001, endsAt: 401 * INTERVAL_MS[interval] };
    const twin = { id: 'predict:1', candles: barsOf(interval, 4), barMs: INTERVAL_MS[interval] };
    for (const strategy of strategies) {
      const { trades, lookAhead } = runBacktest({
        candles,
        strategy,
        params: strategy.name === 'dip' ? { drop: 0.002 } : {},
        market,
        twin,
        options: { side: 'both', maxVolumeShare: null },
      });
      expect([strategy.name, trades.length > 0, lookAhead?.changed]).toEqual([strategy.name, true, 0]);
    }
  });
});
