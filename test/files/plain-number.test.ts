import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { plainNumber } from '../../src/files/write/table.ts';
import { worlds } from '../support/worlds.ts';

it('small and large numbers are written without exponents', () => {
  expect(plainNumber(1e-7)).toBe('0.0000001');
  expect(plainNumber(-1.25e-9)).toBe('-0.00000000125');
  expect(plainNumber(1e21)).toBe('1000000000000000000000');
  expect(plainNumber(1.5e22)).toBe('15000000000000000000000');
  expect(plainNumber(0.3)).toBe('0.3');
});

it('every written number reads back as the same double', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      const text = plainNumber(value);
      expect(text).toMatch(/^-?\d+(\.\d+)?$/);
      expect(Number(text)).toBe(value === 0 ? 0 : value);
    }),
    { numRuns: worlds(1000) },
  );
});
