import { FEE_FORMULAS } from '../contracts/fee-models.ts';
import type { FeeSchedule } from '../contracts/market-data.ts';

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
  switch (FEE_FORMULAS[schedule.model]) {
    case 'product':
      return productFees(schedule.rate, schedule.exponent, schedule.roundUpTo);
    case 'lesser':
      return lesserPriceFees(schedule.rate);
    case 'notional':
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
 * A taker's fee of size·rate·(p(1−p))^exponent, rounded half up to 0.00001 USDC; makers pay nothing. The rate is the market's own: 0.072
 * for crypto and 0.03 for sports in 2026-05, often none. docs/sources.md names the sources; vectors in nautilus_trader.
 * @param roundUpTo step to which the venue rounds the fee of an order up instead
 */
export function productFees(rate: number, exponent = 1, roundUpTo?: number): FeeModel {
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
 * A taker's fee of size·rate·min(p, 1 − p); makers pay nothing. The rate is the market's own, such as 0.02. Where buyers pay in shares and
 * sellers in currency, both count as cash here. docs/sources.md names the sources.
 */
export function lesserPriceFees(rate: number): FeeModel {
  const perUnit = (price: number): number => rate * Math.min(price, 1 - price);
  return {
    unitCost: (price) => price + perUnit(price),
    fee: (size, price) => size * perUnit(price),
    rounding: 0,
  };
}
