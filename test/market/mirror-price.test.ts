import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { mirrorPrice } from '../../src/market/mirror-price.ts';

it('a trade of the other outcome at 0.37 becomes a trade of the first at exactly 0.63', () => {
  expect(mirrorPrice(0.37)).toBe(0.63);
  expect(mirrorPrice(0.9)).toBe(0.1);
  expect(mirrorPrice(0.0003)).toBe(0.9997);
  expect(mirrorPrice(1)).toBe(0);
  expect(mirrorPrice(0)).toBe(1);
});

it('mirroring twice gives the original price, for every price of up to 15 decimals', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 15 }), fc.double({ min: 0, max: 1, noNaN: true }), (decimals, fraction) => {
      const price = Number(fraction.toFixed(decimals));
      expect(mirrorPrice(mirrorPrice(price))).toBe(price);
    }),
  );
});

it('a mirrored price equals the price that a venue writes for the other side, digit for digit', () => {
  for (let units = 0; units <= 10_000; units++) {
    const other = 10_000 - units;
    expect(mirrorPrice(Number(`${units}e-4`))).toBe(Number(`${other}e-4`));
  }
});

it('a price outside [0, 1] stays outside, so that it reaches quarantine', () => {
  expect(mirrorPrice(1.2)).toBe(-0.2);
  expect(mirrorPrice(-0.1)).toBe(1.1);
  expect(mirrorPrice(Number.POSITIVE_INFINITY)).toBeNaN();
});

it('a price may have more digits than a double can distinguish', () => {
  expect(mirrorPrice(1e-7)).toBe(0.999_999_9);
  expect(mirrorPrice(Number('0.12345678901234567'))).toBeCloseTo(0.876_543_210_987_654, 15);
});
