import type { CandleSeries } from '../../src/backtest/engine/candle-series.ts';
import { seededRandom } from '../../src/backtest/metrics/distributions.ts';

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

/** Bars from rows of [open, high, low, close, volume?], one every `step` from `start` on. */
export function bars(rows: readonly (readonly number[])[], { start = 0, step = DAY } = {}): CandleSeries {
  const column = (at: number): Float64Array => Float64Array.from(rows, (row) => row[at] ?? Number.NaN);
  return {
    length: rows.length,
    openTime: Float64Array.from(rows, (_, i) => start + i * step),
    open: column(0),
    high: column(1),
    low: column(2),
    close: column(3),
    volume: column(4),
  };
}

/** Bars that open where the one before closed. */
export const closes = (values: readonly number[], times?: { start?: number; step?: number }): CandleSeries =>
  bars(
    values.map((close, i) => {
      const open = values[i - 1] ?? close;
      return [open, Math.max(open, close), Math.min(open, close), close];
    }),
    times,
  );

/** A random walk, the same for the same seed; `probability` stays inside 0.02…0.98 on a grid of 0.01. */
export function walk(length: number, seed: number, { probability = false, step = HOUR } = {}): CandleSeries {
  const random = seededRandom(seed);
  let price = probability ? 0.5 : 100;
  const rows = Array.from({ length }, () => {
    const open = price;
    const move = random() - 0.5;
    price = probability ? Math.round(Math.min(0.98, Math.max(0.02, price + move * 0.06)) * 100) / 100 : price * (1 + move * 0.02);
    const high = probability ? Math.min(0.99, Math.max(open, price) + 0.01) : Math.max(open, price) * 1.001;
    const low = probability ? Math.max(0.01, Math.min(open, price) - 0.01) : Math.min(open, price) * 0.999;
    return [open, high, low, price, Math.floor(random() * 1000)];
  });
  return bars(rows, { step });
}
