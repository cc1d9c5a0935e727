import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CandleChart, candlesPlot } from '../../src/report/charts/candles-svg.ts';
import { PLOT_WIDTH } from '../../src/report/charts/plot.ts';
import { AS_OF, HOUR } from './sample-numbers.ts';

const HEIGHT = 300;
const FROM = AS_OF - 12 * HOUR;
const RANGE = { from: FROM, to: AS_OF };

const chartOf = (prices: readonly number[], more: Partial<CandleChart> = {}): CandleChart => ({
  series: {
    interval: '1h',
    candles: prices.map((price, i) => ({
      openTime: FROM + i * HOUR,
      open: price,
      high: price,
      low: price,
      close: price,
      volume: null,
      trades: 1,
      complete: true,
    })),
    total: prices.length,
  },
  range: RANGE,
  gaps: [],
  quarantineTimes: [],
  marks: [],
  positions: [],
  lines: [],
  digits: 3,
  market: 'probability',
  height: HEIGHT,
  ...more,
});

const priceList = fc
  .array(fc.integer({ min: 0, max: 100 }), { minLength: 1, maxLength: 12 })
  .map((list) => list.map((price) => price / 100));

/** Where the bodies of rising candles stand: `M12.5 40v1`. */
const bodiesOf = (chart: CandleChart): { x: number; y: number }[] => {
  const path = /class="up-body"[^>]* d="([^"]*)"/.exec(String(candlesPlot(chart).shapes))?.[1] ?? '';
  return [...path.matchAll(/M([\d.-]+) ([\d.-]+)v/g)].map(([, x, y]) => ({ x: Number(x), y: Number(y) }));
};

describe('the chart of candles', () => {
  it('has every candle inside the frame, later ones further right and higher prices further up', () => {
    fc.assert(
      fc.property(priceList, (prices) => {
        const bodies = bodiesOf(chartOf(prices));
        expect(bodies).toHaveLength(prices.length);
        for (const [i, { x, y }] of bodies.entries()) {
          expect(x > 0 && x < PLOT_WIDTH && y > 0 && y < HEIGHT).toBe(true);
          for (const [k, other] of bodies.entries()) {
            if (k > i) expect(other.x).toBeGreaterThan(x);
            if (prices[k] > prices[i]) expect(other.y).toBeLessThan(y);
          }
        }
      }),
      { numRuns: 30 },
    );
  });

  it('has no label below 0 or above 1 for a probability, and labels 0 and 1 when prices reach them', () => {
    const labelsOf = (prices: readonly number[]): number[] => candlesPlot(chartOf(prices)).y.map(({ label }) => Number(label));
    expect(labelsOf([0, 1])).toEqual(expect.arrayContaining([0, 1]));
    expect(labelsOf([0])).toEqual([0, 0.5, 1]);
    expect([labelsOf([1]).at(-1), Math.max(...labelsOf([1]))]).toEqual([1, 1]);
    fc.assert(
      fc.property(priceList, (prices) => labelsOf(prices).every((label) => label >= 0 && label <= 1)),
      { numRuns: 30 },
    );
    const labels = candlesPlot(chartOf([0.5, 1.5], { market: 'asset' })).y.map(({ label }) => Number(label));
    expect(labels.some((label) => label > 1)).toBe(true);
  });

  it('grows for a line that leaves the candles, and ignores the part of the line outside the shown time', () => {
    const lineAt = (...times: number[]) =>
      candlesPlot(
        chartOf([0.5, 0.52], {
          lines: [{ name: 'sma', tone: 'looks-0', kind: 'steps', points: times.map((time) => ({ time, price: 0.9 })) }],
        }),
      ).y.map(({ label }) => Number(label));
    expect(Math.max(...lineAt(FROM))).toBeGreaterThan(0.8);
    expect(Math.max(...lineAt(FROM - 1, AS_OF))).toBeLessThan(0.6);
  });
});
