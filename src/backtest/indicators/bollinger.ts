import type { Bands } from './bands.ts';
import { sma } from './sma.ts';
import { deviationAround } from './stddev.ts';

/** Bollinger bands: moving average ± `deviations` population standard deviations (TA-Lib `BBANDS`, simple average). */
export function bollinger(values: Float64Array, period: number, deviations: number): Bands {
  const middle = sma(values, period);
  const spread = deviationAround(values, middle, period);
  const lower = new Float64Array(values.length);
  const upper = new Float64Array(values.length);
  for (let i = 0; i < values.length; i++) {
    lower[i] = middle[i] - deviations * spread[i];
    upper[i] = middle[i] + deviations * spread[i];
  }
  return { lower, middle, upper };
}
