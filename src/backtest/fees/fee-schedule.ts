import type { FeeSchedule } from '../../contracts/market-data.ts';
import type { FeeModel } from './fee-model.ts';
import { flatFees } from './flat.ts';
import { polymarketFees } from './polymarket.ts';
import { predictFees } from './predict.ts';

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
