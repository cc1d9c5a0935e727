import { FEE_FORMULAS } from '../contracts/fee-models.ts';
import type { FeeSchedule } from '../contracts/market-data.ts';

/** A venue's fees on fills. Prices are those of the outcome that is bought or sold. */
export interface FeeModel {
  /** Cash for one unit at `price`, fee included. The size of an order is its cash divided by this. */
  unitCost(price: number): number;
  /** Fee of one fill, rounded as the venue rounds it. */
  fee(size: number, price: number): number;
  /** Cash to reserve for the rounding of fees. */
  readonly rounding: number;
}

/** The fee model of resting orders (makers): a flat fee, or nothing under any other model. Rebates are not modelled. */
export const makerFeeModel = (schedule: FeeSchedule): FeeModel => flatFees(schedule.model === 'flat' ? schedule.rate : 0);

/** The fee model of a fee schedule. Each market has its own schedule, which may change over time. */
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

/** A flat fee: a fraction of the price times size, per buy and per sell; `--fee` on the command line, `commission` in backtesting.py. */
export const flatFees = (rate: number): FeeModel => ({
  unitCost: (price) => price * (1 + rate),
  fee: (size, price) => size * price * rate,
  rounding: 0,
});

/** Number of steps in one USDC: fees are charged in steps of 0.00001 USDC, rounded half up. */
const STEP = 100_000;

/**
 * A taker's fee of size·rate·(p(1−p))^exponent, rounded half up to 0.00001 USDC; makers pay nothing. The rate is the market's own: 0.072
 * for crypto and 0.03 for sports in 2026-05, often none. docs/sources.md names the sources; nautilus_trader has test vectors.
 * @param roundUpTo step to which the venue rounds each order's fee up, such as 0.01. @default rounded half up
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

// the small addition rounds up amounts such as 0.000055, which binary floating point represents slightly too low
const roundHalfUp = (amount: number): number => Math.floor(amount * STEP + 0.5 + 1e-9) / STEP;

/**
 * A taker's fee of size·rate·min(p, 1 − p); makers pay nothing. The rate is the market's own, such as 0.02. Where the venue takes a buyer's
 * fee in shares and a seller's in currency, both count as cash here. docs/sources.md names the sources.
 */
export function lesserPriceFees(rate: number): FeeModel {
  const perUnit = (price: number): number => rate * Math.min(price, 1 - price);
  return {
    unitCost: (price) => price + perUnit(price),
    fee: (size, price) => size * perUnit(price),
    rounding: 0,
  };
}
