/**
 * Relative strength index after Wilder (New Concepts in Technical Trading Systems, 1978): 100·gain/(gain + loss) of the
 * smoothed average gain and loss; both start as the mean of the first `period` changes, so the first value is at index
 * `period`. In [0, 100]; NaN during warm-up and while no price has moved at all (0/0).
 */
export function rsi(values: Float64Array, period: number): Float64Array {
  const n = values.length;
  const out = new Float64Array(n).fill(Number.NaN);
  if (n <= period) return out;
  let gain = 0;
  let loss = 0;
  for (let i = 1; i < n; i++) {
    const change = values[i] - values[i - 1];
    const up = change > 0 ? change : 0;
    const down = change < 0 ? -change : 0;
    if (i <= period) {
      gain += up / period;
      loss += down / period;
    } else {
      gain = (gain * (period - 1) + up) / period;
      loss = (loss * (period - 1) + down) / period;
    }
    if (i >= period) out[i] = (100 * gain) / (gain + loss);
  }
  return out;
}
