import { describe, expect, it } from 'vitest';
import { drawdowns, thinnedKeepingExtremes } from '../../src/report/charts/equity-svg.ts';
import { sparkline } from '../../src/report/charts/sparkline.ts';
import { AS_OF, HOUR, seeded } from './sample-numbers.ts';

const window = { from: AS_OF - 10 * HOUR, to: AS_OF, step: HOUR };
const pathOf = (points: readonly { time: number; price: number }[]): string =>
  / d="([^"]*)"/.exec(sparkline(points, window, 'prices').text)?.[1] ?? '';

describe('a sparkline', () => {
  const hours = (...list: number[]) => list.map((hour) => ({ time: AS_OF - 10 * HOUR + hour * HOUR, price: 0.5 + hour / 100 }));

  it('is one line when no hour is missing', () => {
    expect(pathOf(hours(0, 1, 2, 3)).match(/M/g)).toHaveLength(1);
  });

  it('has a gap where hours are missing, rather than a line across them', () => {
    expect(pathOf(hours(0, 1, 2, 6, 7)).match(/M/g)).toHaveLength(2);
  });

  it('does not connect two points that are far apart, however few points there are', () => {
    expect(pathOf(hours(0, 6)).match(/M/g)).toHaveLength(2);
  });

  it('excludes points that are older than its window', () => {
    expect(pathOf([...hours(-5), ...hours(1, 2)]).match(/M/g)).toHaveLength(1);
  });

  it('is empty without points', () => {
    expect(sparkline([], window, 'prices').text).toBe('');
  });

  it('draws a single point', () => {
    expect(pathOf(hours(4))).toMatch(/^M[\d. ]+h0.01$/);
  });
});

describe('an equity curve', () => {
  it('has a drawdown measured from the highest equity so far', () => {
    const curve = [100, 110, 99, 120, 60].map((equity, time) => ({ time, equity }));
    expect(drawdowns(curve).map((fall) => Math.round(fall * 1000) / 1000)).toEqual([0, 0, -0.1, 0, -0.5]);
    expect(drawdowns([{ time: 0, equity: 0 }])).toEqual([0]);
  });

  it('keeps its ends and extremes when points are left out', () => {
    const random = seeded(3);
    const curve = Array.from({ length: 50_000 }, (_, time) => ({ time, equity: random() }));
    const kept = thinnedKeepingExtremes(curve, 400);
    const values = (points: typeof curve) => points.map((point) => point.equity);
    expect(kept.length).toBeLessThanOrEqual(400);
    expect([kept[0], kept.at(-1)]).toEqual([curve[0], curve.at(-1)]);
    expect([Math.min(...values([...kept])), Math.max(...values([...kept]))]).toEqual([
      Math.min(...values(curve)),
      Math.max(...values(curve)),
    ]);
  });
});
