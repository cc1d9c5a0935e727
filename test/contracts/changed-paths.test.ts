import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { changedPaths } from '../../src/contracts/text/changed-paths.ts';

/** JSON as in configurations: keys without dots, no null, and nested objects. */
const json = fc.letrec((tie) => ({
  value: fc.oneof({ depthSize: 'small' }, fc.integer(), fc.string(), fc.boolean(), fc.array(fc.integer(), { maxLength: 3 }), tie('object')),
  object: fc.dictionary(fc.stringMatching(/^[a-z]{1,4}$/), tie('value'), { maxKeys: 4 }),
})).object;

const shuffled = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(
        Object.entries(value)
          .reverse()
          .map(([key, part]) => [key, shuffled(part)]),
      )
    : value;

describe('the list of differences between two JSON values', () => {
  it('is empty for equal values in any order of keys', () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(changedPaths(value, shuffled(value))).toEqual([]);
      }),
    );
  });

  it('is complete, so that one value can be rebuilt from the other', () => {
    fc.assert(
      fc.property(json, json, (before, after) => {
        const made = structuredClone(before);
        for (const { path, after: value } of changedPaths(before, after)) {
          const keys = path.split('.');
          let at = made;
          for (const key of keys.slice(0, -1)) at = at[key] as Record<string, unknown>;
          const last = keys.at(-1)!;
          if (value === null) delete at[last];
          else at[last] = value;
        }
        expect(made).toEqual(after);
      }),
    );
  });

  it('gives the path of each difference, and treats a list as one value', () => {
    expect(changedPaths({ input: { daysBack: 7, symbols: ['A'] } }, { input: { symbols: ['A', 'B'] }, code: 'x' })).toEqual([
      { path: 'code', before: null, after: 'x' },
      { path: 'input.daysBack', before: 7, after: null },
      { path: 'input.symbols', before: ['A'], after: ['A', 'B'] },
    ]);
  });
});
