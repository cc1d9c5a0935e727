import { z } from 'zod';
import { defineStrategy } from '../strategy.ts';
import { isAbove } from './is-above.ts';
import { periodOf } from './params.ts';

/** `momentum`: long after a rise by more than a threshold, short after a fall by more. */
export const momentum = defineStrategy({
  name: 'momentum',
  summary: 'Long when the price rose by more than `threshold` (a fraction) over `period` bars, out (or short) when it fell by more',
  params: z.strictObject({ period: periodOf(20), threshold: z.number().min(0).default(0) }),
  create({ period, threshold }, bars) {
    const change = bars.indicator('roc', { period });
    const percent = threshold * 100;
    return () => {
      const now = change.at();
      if (isAbove(now, percent)) return 'long';
      return isAbove(-percent, now) ? 'short' : 'hold';
    };
  },
});
