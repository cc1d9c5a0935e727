import type { FeeModel } from './fee-model.ts';

/** Fees are charged in steps of 0.00001 USDC, rounded half up. */
const STEP = 100_000;

/**
 * Polymarket's taker fee: size·rate·(p(1−p))^exponent, rounded half up to 0.00001 USDC; makers pay nothing. The rate is
 * the market's own (its `feeSchedule`), 0.072 for crypto and 0.03 for sports in 2026-05; many markets have none.
 * Source: docs.polymarket.com, trading fees; vectors in nautilus_trader's Polymarket adapter.
 */
export function polymarketFees(rate: number, exponent = 1): FeeModel {
  const perUnit = (price: number): number => rate * (price * (1 - price)) ** exponent;
  return {
    unitCost: (price) => price + perUnit(price),
    fee: (size, price) => roundHalfUp(size * perUnit(price)),
    rounding: 1 / STEP,
  };
}

// the small addition rounds up halves that binary floating point represents slightly too low (0.000055)
const roundHalfUp = (amount: number): number => Math.floor(amount * STEP + 0.5 + 1e-9) / STEP;
