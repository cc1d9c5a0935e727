import { add, decimalsOf, POWERS_OF_TEN, toDecimal, toNumber } from './decimal.ts';

/**
 * Price of a binary market's first outcome when the second traded at `price`: 1 − price, exact for up to 15 decimals (1 − 0.37 is 0.63, not
 * 0.6299999999999999). Not clamped: a price outside [0, 1] stays outside; one that is not finite becomes NaN.
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
