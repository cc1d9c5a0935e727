import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { encodePassport, orderedParams, storedParams } from '../../src/backtest/record/passport-column.ts';
import { strategyTrials } from '../../src/backtest/strategies/registry.ts';
import type { Json } from '../../src/contracts/run/pipeline-input.ts';

/** An object with its keys in the order of a Postgres jsonb: shorter ones first, those of one length by their bytes. */
const asJsonb = (value: Readonly<Record<string, Json>>): Record<string, Json> =>
  Object.fromEntries(
    Object.entries(value).sort(([a], [b]) => Buffer.byteLength(a) - Buffer.byteLength(b) || Buffer.compare(Buffer.from(a), Buffer.from(b))),
  );

const series = { openTime: Float64Array.from([0, 1]), length: 2 };
const passport = { id: '', data: '', code: '', settings: '', seed: 1 };
// a JavaScript object has keys that look like numbers first, in whatever order they are written
const names = fc.uniqueArray(fc.stringMatching(/^[a-z][a-zA-Z0-9é]{0,7}$/), { minLength: 1, maxLength: 6 });

it('stored parameters are read in the order in which the strategy declares them, in whatever order the database keeps them', () => {
  fc.assert(
    fc.property(names, (declared) => {
      const params = Object.fromEntries(declared.map((name, i) => [name, i]));
      const stored = asJsonb(encodePassport(series, passport, { basis: 'b', leftOut: 0, params, twin: null }));
      expect(Object.entries(storedParams({ strategy: 'own', params: asJsonb(params), passport: stored }))).toEqual(Object.entries(params));
    }),
  );
});

it('parameters that were stored without their order get the order of the shipped strategy, and none is left out', () => {
  const checked = strategyTrials('rsi');
  if ('problems' in checked) throw new Error(checked.problems.join());
  const [params] = checked.trials;
  expect(Object.keys(asJsonb(params))).toEqual(['low', 'high', 'period']);
  expect(Object.entries(orderedParams('rsi', asJsonb(params)))).toEqual([
    ['period', 14],
    ['low', 30],
    ['high', 70],
  ]);
  expect(Object.keys(orderedParams('rsi', { once: 1, low: 30, period: 3 }))).toEqual(['period', 'low', 'once']);
  expect(Object.keys(orderedParams('gone', { b: 1, a: 2 }))).toEqual(['b', 'a']);
});
