import type { FeeSchedule } from '../../contracts/market-data.ts';
import { flatFees } from './flat.ts';
import { polymarketFees } from './polymarket.ts';
import { predictFees } from './predict.ts';

/** What a venue takes from a taker's fill. Prices are those of the outcome that is bought or sold. */
export interface FeeModel {
  /** Money that one unit at `price` takes from the cash, fee included: what sizing divides by. */
  unitCost(price: number): number;
  /** The fee of one fill, as the venue rounds it. */
  fee(size: number, price: number): number;
  /** Money to leave aside for rounding. */
  readonly rounding: number;
}

/** The fee model of a market's schedule; the schedule is stored per market and time, never assumed. */
export function feeModel(schedule: FeeSchedule): FeeModel {
  if (schedule.rate === 0) return flatFees(0);
  switch (schedule.model) {
    case 'polymarket':
      return polymarketFees(schedule.rate, schedule.exponent);
    case 'predict':
      return predictFees(schedule.rate);
    case 'flat':
      return flatFees(schedule.rate);
  }
}
