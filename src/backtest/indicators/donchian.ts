import type { CandleSeries } from '../engine/candle-series.ts';
import type { Bands } from './bands.ts';

/**
 * Donchian channel of the `period` bars before the present one: highest high, lowest low, and their middle. The present
 * bar is left out, so that its close can break out of the channel. The first value is at index `period`.
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

/** Index of the extreme value in [first, last], given that of the previous window. Searches the window only if the known extreme has left it. */
function extremeFrom(window: { values: Float64Array; first: number; last: number; known: number; above: boolean }): number {
  const { values, first, last, known, above } = window;
  const beats = (a: number, b: number): boolean => (above ? a >= b : a <= b);
  if (known >= first) return beats(values[last], values[known]) ? last : known;
  let best = first;
  for (let j = first + 1; j <= last; j++) if (beats(values[j], values[best])) best = j;
  return best;
}
