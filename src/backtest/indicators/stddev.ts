import { sma } from './sma.ts';

/** Population standard deviation of the last `period` values around `mean`, their moving average; NaN where `mean` is NaN. */
export function deviationAround(values: Float64Array, mean: Float64Array, period: number): Float64Array {
  const n = values.length;
  const out = new Float64Array(n).fill(Number.NaN);
  for (let i = period - 1; i < n; i++) {
    const centre = mean[i];
    let squares = 0;
    for (let j = i - period + 1; j <= i; j++) {
      const distance = values[j] - centre;
      squares += distance * distance;
    }
    out[i] = Math.sqrt(squares / period);
  }
  return out;
}

/**
 * Rolling population standard deviation (TA-Lib `STDDEV`, 1 deviation); NaN before there are `period` values.
 * Two passes per window: TA-Lib's E[x²] − E[x]² loses all digits when prices barely move.
 */
export const stddev = (values: Float64Array, period: number): Float64Array => deviationAround(values, sma(values, period), period);
