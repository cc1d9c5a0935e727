import type { FeeModel } from './fee-model.ts';

/**
 * Predict.fun's taker fee: size·rate·min(p, 1 − p), so that complementary trades cost the same; makers pay nothing. The rate
 * is the market's `feeRateBps` (200 = 0.02). Buyers pay it in shares, sellers in USDT; here both are counted as cash of the same value.
 * Source: docs.predict.fun, "Predict fees and limits"; dev.predict.fun, trading fees.
 */
export function predictFees(rate: number): FeeModel {
  const perUnit = (price: number): number => rate * Math.min(price, 1 - price);
  return {
    unitCost: (price) => price + perUnit(price),
    fee: (size, price) => size * perUnit(price),
    rounding: 0,
  };
}
