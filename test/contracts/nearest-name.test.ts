import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { nearestName } from '../../src/contracts/text/nearest-name.ts';

const letters = (alphabet: string, minLength: number, maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...alphabet.split('')), minLength, maxLength });

it('the nearest name is found after one typing error: a missing, extra or wrong letter, or two swapped letters', () => {
  fc.assert(
    fc.property(letters('abcdef', 3, 12), fc.nat(), fc.constantFrom('u', 'v', 'w'), fc.nat(3), (name, place, letter, kind) => {
      const at = place % name.length;
      const next = at + 1 < name.length ? at : at - 1;
      const typed = [
        name.slice(0, at) + name.slice(at + 1),
        name.slice(0, at) + letter + name.slice(at),
        name.slice(0, at) + letter + name.slice(at + 1),
        name.slice(0, next) + name.charAt(next + 1) + name.charAt(next) + name.slice(next + 2),
      ][kind];
      // from names that share no letter with it
      expect(nearestName(typed, ['zzzzzz', name, 'yyy'])).toBe(name);
    }),
    { seed: 1 },
  );
});

it('no nearest name is suggested when none is close', () => {
  fc.assert(
    fc.property(letters('abc', 1, 12), fc.array(letters('xyz', 2, 12), { maxLength: 5 }), (typed, names) => {
      expect(
        nearestName(
          typed,
          names.filter((name) => name.length !== 1),
        ),
      ).toBeUndefined();
    }),
    { seed: 1 },
  );
  expect(nearestName('rnu', ['run', 'runs', 'report'])).toBe('run');
  // a swap is found although no row of the table is below the limit after its first letter
  expect(nearestName('ba', ['ab'])).toBe('ab');
  expect(nearestName('RUN', ['runs', 'run'])).toBe('run');
  expect(nearestName('zzzzzzzzqq', ['sma', 'ema'])).toBeUndefined();
});

it('the nearest name is searched among two million characters, and no further', () => {
  expect(nearestName('x'.repeat(5), [...Array.from({ length: 400_001 }, () => 'yyyyy'), 'xxxxy'])).toBeUndefined();
  expect(nearestName('x'.repeat(5), [...Array.from({ length: 400_000 }, () => 'yyyyy'), 'xxxxy'])).toBe('xxxxy');
});
