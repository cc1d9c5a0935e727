import { expect, it } from 'vitest';
import { decimalsOf, toDecimal, toNumber } from '../../src/market/decimal.ts';

it.each([
  [0, 0],
  [7, 0],
  [-7, 0],
  [0.5, 1],
  [0.37, 2],
  [-0.0003, 4],
  [123.456, 3],
  [1e-15, 15],
  [999_999_999_999_999, 0],
  // sixteen digits, a sixteenth decimal, and values that are not numbers
  [1_000_000_000_000_000, -1],
  [-1_000_000_000_000_000, -1],
  [1e-16, -1],
  [0.1234567890123456, -1],
  [Number.NaN, -1],
  [Number.POSITIVE_INFINITY, -1],
])('%d has %d decimals, or -1 when it has no exact decimal form', (value, decimals) => {
  expect(decimalsOf(value)).toBe(decimals);
});

it.each([
  [0, 0n, 0],
  [0.37, 37n, 2],
  [-12.5, -125n, 1],
  [1e21, 10n ** 21n, 0],
  [1.5e21, 15n * 10n ** 20n, 0],
  [1e-7, 1n, 7],
  [1.25e-9, 125n, 11],
])('%d becomes the decimal %s at %d decimals and back', (value, units, decimals) => {
  expect(toDecimal(value)).toEqual({ units, decimals });
  expect(toNumber({ units, decimals })).toBe(value);
});
