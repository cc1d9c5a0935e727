import { z } from 'zod';
import { defineStrategy } from '../strategy.ts';
import { crossing } from './crossing.ts';
import { fastBelowSlow, periodOf } from './params.ts';

/** `sma-cross`: long when the fast moving average crosses above the slow one, short when it crosses below. */
export const smaCross = defineStrategy({
  name: 'sma-cross',
  summary: 'Long when the fast moving average crosses above the slow one, out (or short) when it crosses below',
  params: z.strictObject({ fast: periodOf(10), slow: periodOf(30) }).superRefine(fastBelowSlow),
  create({ fast, slow }, bars) {
    const quick = bars.indicator('sma', { period: fast });
    const steady = bars.indicator('sma', { period: slow });
    return () => crossing(quick, steady);
  },
});
