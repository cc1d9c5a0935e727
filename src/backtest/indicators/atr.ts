import type { CandleSeries } from '../engine/candle-series.ts';

/**
 * Average true range after Wilder (TA-Lib `ATR`): the true range max(high, previous close) − min(low, previous close),
 * averaged over its first `period` values, then smoothed with weight 1/period. The first value is at index `period`.
 */
export function atr({ high, low, close, length }: CandleSeries, period: number): Float64Array {
  const out = new Float64Array(length).fill(Number.NaN);
  let average = 0;
  for (let i = 1; i < length; i++) {
    const range = Math.max(high[i], close[i - 1]) - Math.min(low[i], close[i - 1]);
    average = i <= period ? average + range / period : (average * (period - 1) + range) / period;
    if (i >= period) out[i] = average;
  }
  return out;
}
