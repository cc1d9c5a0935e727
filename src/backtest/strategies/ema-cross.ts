import { z } from 'zod';
import { defineStrategy } from '../strategy.ts';
import { crossing } from './crossing.ts';
import { fastBelowSlow, periodOf } from './params.ts';

/** `ema-cross`: long when the fast exponential average crosses above the slow one, short when it crosses below. */
export const emaCross = defineStrategy({
  name: 'ema-cross',
  summary: 'Long when the fast exponential average crosses above the slow one, out (or short) when it crosses below',
  params: z.strictObject({ fast: periodOf(10), slow: periodOf(30) }).superRefine(fastBelowSlow),
  create({ fast, slow }, bars) {
    const quick = bars.indicator('ema', { period: fast });
    const steady = bars.indicator('ema', { period: slow });
    return () => crossing(quick, steady);
  },
});
