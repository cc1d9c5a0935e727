import type { FeeSchedule } from '../../contracts/market-data.ts';
import type { FeeModel } from './fee-model.ts';
import { flatFees } from './flat.ts';
import { polymarketFees } from './polymarket.ts';
import { predictFees } from './predict.ts';

/** The fee model of resting orders: a flat fee applies to them too; both venues charge makers nothing. Rebates come from a shared pool, which a single fill cannot determine, so there are none. */
export const makerFeeModel = (schedule: FeeSchedule): FeeModel => flatFees(schedule.model === 'flat' ? schedule.rate : 0);

/** The fee model of a market's schedule, which is stored per market and time. */
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
