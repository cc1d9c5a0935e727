import { z } from 'zod';
import { defineStrategy } from '../strategy.ts';
import { periodOf } from './params.ts';

/** `breakout`: long or short after a close beyond the highest high or lowest low of the previous bars. */
export const breakout = defineStrategy({
  name: 'breakout',
  summary: 'Long after a close above the highest high of the `period` bars before, out (or short) after one below their lowest low',
  params: z.strictObject({ period: periodOf(20) }),
  create({ period }, bars) {
    const channel = bars.indicator('donchian', { period });
    return () => {
      const close = bars.close();
      if (close > channel.upper.at()) return 'long';
      return close < channel.lower.at() ? 'short' : 'hold';
    };
  },
});
