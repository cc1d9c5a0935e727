import { add, decimalsOf, POWERS_OF_TEN, toDecimal, toNumber } from './decimal.ts';

/**
 * The price of a binary market's first outcome when the other one traded at `price`: 1 − price, exact in decimals
 * (1 − 0.37 = 0.63, where doubles say 0.63 or 0.6299999999999999 as it falls). Not clamped: a price outside [0, 1]
 * stays outside, and what is not finite is returned as NaN.
 *
 * Twice is the identity for every price of up to 15 decimals.
 */
export function mirrorPrice(price: number): number {
  if (!Number.isFinite(price)) return Number.NaN;
  const decimals = decimalsOf(price);
  if (decimals >= 0) {
    const scale = POWERS_OF_TEN[decimals];
    return (scale - Math.round(price * scale)) / scale;
  }
  const { units, decimals: places } = toDecimal(price);
  return toNumber(add({ units: 1n, decimals: 0 }, { units: -units, decimals: places }));
}
