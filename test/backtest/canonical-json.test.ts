import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../../src/backtest/proof/passport.ts';

/** What `JSON.stringify` says of the same value with the keys of every object in another order. */
const shuffled = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(shuffled);
  if (value === null || typeof value !== 'object' || value instanceof Date) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, part]) => [key, shuffled(part)]),
  );
};

describe('canonical JSON', () => {
  it('writes a property named toJSON like any other property when it is not a function', () => {
    expect(canonicalJson({ toJSON: 1, a: 2 })).toBe('{"a":2,"toJSON":1}');
  });

  it('is the JSON of the value in any order of keys, also for dates and for values that JSON omits', () => {
    const anything = fc.anything({ withDate: true, withNullPrototype: false });
    fc.assert(
      fc.property(anything, (value) => {
        const plain = JSON.stringify(value) as string | undefined;
        expect(JSON.parse(canonicalJson(value))).toEqual(plain === undefined ? null : JSON.parse(plain));
        expect(canonicalJson(shuffled(value))).toBe(canonicalJson(value));
      }),
    );
  });
});
