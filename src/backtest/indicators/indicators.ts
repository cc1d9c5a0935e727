import type { CandleSeries } from '../engine/candle-series.ts';

/** Reads the values of one column up to the present bar. */
export interface Reading {
  /** The value `back` bars ago, 0 = now. NaN before the first bar, during warm-up, and for a `back` that is not a past bar. */
  at(back?: number): number;
}

/** A channel around the price; three columns as long as the candles, NaN during warm-up. */
export interface Bands {
  readonly lower: Float64Array;
  readonly middle: Float64Array;
  readonly upper: Float64Array;
}

/**
 * Simple moving average of the last `period` values; NaN before (TA-Lib `SMA`). The running sum is compensated (Neumaier), and equal values
 * give exactly that value: rounding errors would make two averages of a constant price cross.
 */
export function sma(values: Float64Array, period: number): Float64Array {
  const n = values.length;
  const out = new Float64Array(n).fill(Number.NaN);
  let sum = 0;
  let lost = 0;
  let equalRun = 0;
  for (let i = 0; i < n; i++) {
    const value = values[i];
    equalRun = i > 0 && value === values[i - 1] ? equalRun + 1 : 1;
    let next = sum + value;
    lost += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum;
    sum = next;
    if (i >= period) {
      const old = -values[i - period];
      next = sum + old;
      lost += Math.abs(sum) >= Math.abs(old) ? sum - next + old : old - next + sum;
      sum = next;
    }
    if (i >= period - 1) out[i] = equalRun >= period ? value : (sum + lost) / period;
  }
  return out;
}

/** Exponential moving average, weight 2/(period + 1), seeded with the mean of the first `period` values (TA-Lib `EMA`). */
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

/**
 * Relative strength index after Wilder (New Concepts in Technical Trading Systems, 1978): 100·gain/(gain + loss) of the smoothed average
 * gain and loss; both start as the mean of the first `period` changes, so the first value is at index `period`. In [0, 100]; NaN during
 * warm-up and while no price has moved at all (0/0).
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

/** Rate of change in percent: 100·(value / value `period` bars ago − 1) (TA-Lib `ROC`). NaN during warm-up and from a value of 0. */
export function roc(values: Float64Array, period: number): Float64Array {
  const out = new Float64Array(values.length).fill(Number.NaN);
  for (let i = period; i < values.length; i++) {
    const before = values[i - period];
    if (before !== 0) out[i] = (values[i] / before - 1) * 100;
  }
  return out;
}

/** Population standard deviation of the last `period` values around their moving average `mean`; NaN where `mean` is NaN. */
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
 * Rolling population standard deviation (TA-Lib `STDDEV`, 1 deviation); NaN before there are `period` values. Two passes per window:
 * TA-Lib's E[x²] − E[x]² loses all digits when prices barely move.
 */
export const stddev = (values: Float64Array, period: number): Float64Array => deviationAround(values, sma(values, period), period);

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

/**
 * Average true range after Wilder (TA-Lib `ATR`): the true range max(high, previous close) − min(low, previous close), averaged over its
 * first `period` values, then smoothed with weight 1/period. The first value is at index `period`.
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

/**
 * Donchian channel of the `period` bars before the present one, so that its close can break out: highest high, lowest low, their middle.
 * The first value is at index `period`.
 */
export function donchian({ high, low, length }: CandleSeries, period: number): Bands {
  const lower = new Float64Array(length).fill(Number.NaN);
  const middle = new Float64Array(length).fill(Number.NaN);
  const upper = new Float64Array(length).fill(Number.NaN);
  let highest = -1;
  let lowest = -1;
  for (let i = period; i < length; i++) {
    const first = i - period;
    highest = extremeFrom({ values: high, first, last: i - 1, known: highest, above: true });
    lowest = extremeFrom({ values: low, first, last: i - 1, known: lowest, above: false });
    upper[i] = high[highest];
    lower[i] = low[lowest];
    middle[i] = (upper[i] + lower[i]) / 2;
  }
  return { lower, middle, upper };
}

/** Index of the extreme value in [first, last]; searches the window only if the extreme of the previous window has left it. */
function extremeFrom(window: { values: Float64Array; first: number; last: number; known: number; above: boolean }): number {
  const { values, first, last, known, above } = window;
  const beats = (a: number, b: number): boolean => (above ? a >= b : a <= b);
  if (known >= first) return beats(values[last], values[known]) ? last : known;
  let best = first;
  for (let j = first + 1; j <= last; j++) if (beats(values[j], values[best])) best = j;
  return best;
}
