import type { FeeSchedule } from '../../contracts/market-data.ts';

/** A venue's fees on fills. Prices are those of the outcome that is bought or sold. */
export interface FeeModel {
  /** Cash that one unit at `price` costs, fee included; sizing divides by it. */
  unitCost(price: number): number;
  /** Fee of one fill, rounded as the venue rounds it. */
  fee(size: number, price: number): number;
  /** Cash to reserve for the rounding of fees. */
  readonly rounding: number;
}

/** The fees of resting orders: a flat fee applies to them too; venues charge makers nothing. Rebates are not modelled. */
export const makerFeeModel = (schedule: FeeSchedule): FeeModel => flatFees(schedule.model === 'flat' ? schedule.rate : 0);

/** The fee model of a market's schedule, which is stored per market and time. */
export function feeModel(schedule: FeeSchedule): FeeModel {
  if (schedule.rate === 0) return flatFees(0);
  switch (schedule.model) {
    case 'polymarket':
      return polymarketFees(schedule.rate, schedule.exponent, schedule.roundUpTo);
    case 'predict':
      return predictFees(schedule.rate);
    case 'flat':
      return flatFees(schedule.rate);
  }
}

/** A flat fee: a fraction of the notional per side; `--fee` on the command line, `commission` in backtesting.py. */
export const flatFees = (rate: number): FeeModel => ({
  unitCost: (price) => price * (1 + rate),
  fee: (size, price) => size * price * rate,
  rounding: 0,
});

/** Fees are charged in steps of 0.00001 USDC, rounded half up. */
const STEP = 100_000;

/**
 * Polymarket's taker fee: size·rate·(p(1−p))^exponent, rounded half up to 0.00001 USDC; makers pay nothing. The rate is the market's own
 * (its `feeSchedule`): 0.072 for crypto and 0.03 for sports in 2026-05, often none. Source: docs.polymarket.com, trading fees; vectors in
 * nautilus_trader's Polymarket adapter.
 * @param roundUpTo step to which a venue with the same curve rounds the fee of an order up (Kalshi: 0.01)
 */
export function polymarketFees(rate: number, exponent = 1, roundUpTo?: number): FeeModel {
  const perUnit = (price: number): number => rate * (price * (1 - price)) ** exponent;
  return {
    unitCost: (price) => price + perUnit(price),
    fee: (size, price) =>
      roundUpTo === undefined ? roundHalfUp(size * perUnit(price)) : Math.ceil((size * perUnit(price)) / roundUpTo - 1e-9) * roundUpTo,
    rounding: roundUpTo ?? 1 / STEP,
  };
}

// the small addition rounds up halves that binary floating point represents slightly too low (0.000055)
const roundHalfUp = (amount: number): number => Math.floor(amount * STEP + 0.5 + 1e-9) / STEP;

/**
 * Predict.fun's taker fee: size·rate·min(p, 1 − p); makers pay nothing. The rate is the market's `feeRateBps` (200 = 0.02). Buyers pay in
 * shares, sellers in USDT; here both count as cash. Source: docs.predict.fun, "Predict fees and limits"; dev.predict.fun, trading fees.
 */
export function predictFees(rate: number): FeeModel {
  const perUnit = (price: number): number => rate * Math.min(price, 1 - price);
  return {
    unitCost: (price) => price + perUnit(price),
    fee: (size, price) => size * perUnit(price),
    rounding: 0,
  };
}
