import { z } from 'zod';
import { defineStrategy } from '../strategy.ts';
import { isAbove } from './is-above.ts';
import { periodOf } from './params.ts';

/** `bollinger`: buys after a close below the lower band, sells after a close above the upper one. */
export const bollingerStrategy = defineStrategy({
  name: 'bollinger',
  summary: 'Long after a close below the lower band, out (or short) after a close above the upper one',
  params: z.strictObject({ period: periodOf(20), deviations: z.number().positive().default(2) }),
  create({ period, deviations }, bars) {
    const band = bars.indicator('bollinger', { period, deviations });
    return () => {
      const close = bars.close();
      if (isAbove(band.lower.at(), close)) return 'long';
      return isAbove(close, band.upper.at()) ? 'short' : 'hold';
    };
  },
});
