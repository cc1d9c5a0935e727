/**
 * Exponential moving average, weight 2/(period + 1), seeded with the mean of the first `period` values and NaN before it
 * (TA-Lib `EMA` in its default, classic mode).
 */
export function ema(values: Float64Array, period: number): Float64Array {
  const n = values.length;
  const out = new Float64Array(n).fill(Number.NaN);
  if (n < period) return out;
  let sum = 0;
  for (let i = 0; i < period; i++) sum += values[i];
  const weight = 2 / (period + 1);
  let average = sum / period;
  out[period - 1] = average;
  for (let i = period; i < n; i++) {
    average += weight * (values[i] - average);
    out[i] = average;
  }
  return out;
}
