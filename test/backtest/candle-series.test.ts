import { describe, expect, it } from 'vitest';
import { candleProblem } from '../../src/backtest/engine/candle-series.ts';
import { candles } from '../../src/index.ts';

describe('bars that are not in the order of their times', () => {
  const problem = (...bars: readonly (readonly [openTime: number, price: number])[]) => {
    const rows = bars.map(([, price], i) => ({ openTime: i, open: price, high: price, low: price, close: price, volume: 1 }));
    const series = { ...candles.fromRows(rows), openTime: Float64Array.from(bars, ([openTime]) => openTime) };
    return candleProblem(series, 'probability', (bar) => `bar ${bar}`);
  };

  it('are refused with the first bar that has the time of an earlier one and other prices', () => {
    expect(problem([2, 0.5], [1, 0.5], [2, 0.6])).toMatch(/^bar 2: an earlier bar has the same open_time and other prices/);
    expect(problem([1, 0.5], [1, 0.6])).toMatch(/^bar 1: an earlier bar has the same open_time and other prices/);
    // two missing times are not the same time
    expect(problem([2, 0.5], [1, 0.5], [Number.NaN, 0.5], [Number.NaN, 0.6])).toMatch(/^bar 1: open_time is earlier than the bar before/);
  });

  it('are refused with the bar to leave out when two bars of one time are equal', () => {
    expect(problem([2, 0.5], [1, 0.5], [2, 0.5])).toMatch(/^bar 1: /);
    expect(problem([1, 0.5], [1, 0.5])).toBe('bar 1: open_time repeats the bar before; keep one bar for each time');
    expect(problem([1, 0.5], [2, 0.5], [3, 0.6])).toBeUndefined();
  });
});
