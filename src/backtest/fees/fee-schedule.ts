import type { FeeSchedule } from '../../contracts/market-data.ts';
import type { FeeModel } from './fee-model.ts';
import { flatFees } from './flat.ts';
import { polymarketFees } from './polymarket.ts';
import { predictFees } from './predict.ts';

/** What waiting orders pay: nothing at both venues, whose rebates are shared out of a pool that no fill can know; a flat fee is everybody's. */
export const makerFeeModel = (schedule: FeeSchedule): FeeModel => flatFees(schedule.model === 'flat' ? schedule.rate : 0);

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
