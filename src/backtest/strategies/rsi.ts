import { z } from 'zod';
import { defineStrategy } from '../strategy.ts';
import { isAbove } from './is-above.ts';
import { lowBelowHigh, periodOf } from './params.ts';

const level = (usual: number): z.ZodDefault<z.ZodNumber> => z.number().min(0).max(100).default(usual);

/** `rsi`: buys when Wilder’s index is oversold, sells when it is overbought. */
export const rsiStrategy = defineStrategy({
  name: 'rsi',
  summary: "Long while Wilder's RSI has last been below `low`, out (or short) once it is above `high`",
  params: z.strictObject({ period: periodOf(14), low: level(30), high: level(70) }).superRefine(lowBelowHigh),
  create({ period, low, high }, bars) {
    const strength = bars.indicator('rsi', { period });
    return () => {
      const now = strength.at();
      if (isAbove(low, now)) return 'long';
      return isAbove(now, high) ? 'short' : 'hold';
    };
  },
});
