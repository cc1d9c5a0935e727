import { describe, expect, it } from 'vitest';
import { runBacktest } from '../../src/backtest/run-backtest.ts';
import { buyAndHold, smaCross } from '../../src/backtest/strategies/shipped.ts';
import { renderBacktestPage } from '../../src/report/research/backtest-page.ts';

const HOUR = 3_600_000;
const BARS = 60 * 24;

const candles = () => {
  const close = Float64Array.from({ length: BARS }, (_, i) => 100 + 10 * Math.sin(i / 40) + i / 100);
  const open = Float64Array.from(close, (_, i) => close[Math.max(0, i - 1)]);
  return {
    length: BARS,
    openTime: Float64Array.from(close, (_, i) => Date.parse('2026-01-01T00:00Z') + i * HOUR),
    open,
    high: Float64Array.from(close, (value, i) => Math.max(value, open[i]) + 0.5),
    low: Float64Array.from(close, (value, i) => Math.min(value, open[i]) - 0.5),
    close,
    volume: new Float64Array(BARS).fill(Number.NaN),
  };
};

describe('the page of a backtest of a file', () => {
  it('shows prices, results, the grid of parameters and the trades of the two best strategies, without scripts or network requests', () => {
    const series = candles();
    const grid = [5, 10, 20].flatMap((fast) => [30, 60, 90].map((slow) => ({ fast, slow })));
    const results = [
      ...grid.map((params) => runBacktest({ candles: series, strategy: smaCross, params })),
      runBacktest({ candles: series, strategy: buyAndHold }),
    ];
    const text = renderBacktestPage({
      title: 'btc <1>.csv',
      interval: '1h',
      market: 'asset',
      candles: series,
      results,
      overfitting: { value: 0.6 },
      madeBy: 'PredictLab test',
    });
    expect(text).toContain('btc &lt;1&gt;.csv');
    expect(text).toMatch(/10 trials/);
    expect(text).toContain('1000 candles of 1h');
    expect(text, 'entries and exits of the best trial').toMatch(/▲[\s\S]*▼/);
    expect(text).toMatch(/by (slow|fast) and (slow|fast)/);
    expect(text).toContain('do not believe the best cell');
    expect(text).toMatch(/of \d+ positions? (is|are) the same/);
    expect(text).not.toMatch(/<a href|<nav/);
  });
});
