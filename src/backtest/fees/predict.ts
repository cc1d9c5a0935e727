import type { FeeModel } from './fee-model.ts';

/**
 * Predict.fun's taker fee: `feeRateBps` of the notional, read per market (200 = 0.02); makers pay nothing.
 * Buyers pay it in shares, sellers in USDT; here both are money of the same worth.
 * Source: dev.predict.fun, trading fees.
 */
export const predictFees = (rate: number): FeeModel => ({
  unitCost: (price) => price * (1 + rate),
  fee: (size, price) => size * price * rate,
  rounding: 0,
});
