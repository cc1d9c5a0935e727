import { describe, expect, it } from 'vitest';
import { OutlierScan } from '../../src/activities/stages/clean.ts';
import { flagOutliers } from '../../src/market/flag-outliers.ts';

describe('the search for outliers in a stream of prices', () => {
  it('finds the same outliers as a search of the whole series, wherever the blocks of the stream end', () => {
    const length = 45_000;
    const price = Float64Array.from({ length }, (_, i) => 0.5 + ((i * 7919) % 7) / 1000);
    // around the ends of blocks, and in between
    for (const i of [500, 19_985, 19_989, 19_990, 19_995, 20_003, 30_000, 39_780, 44_990]) price[i] = 0.9;
    const columns = {
      length,
      time: Float64Array.from({ length }, (_, i) => i),
      price,
      size: new Float64Array(length).fill(1),
      buy: new Uint8Array(length),
    };
    const whole = flagOutliers(columns, { market: 'probability' });
    const wanted = Array.from(whole.keys()).filter((i) => whole[i] === 1);
    const found: number[] = [];
    const scan = new OutlierScan('probability', (position) => found.push(position));
    for (let i = 0; i < length; i++) scan.add({ position: i, kind: 'trade', time: i, price: price[i], size: 1, flagged: false });
    scan.end();
    expect(found).toEqual(wanted);
    expect(wanted.length).toBeGreaterThan(5);
  });

  it('treats trades and price points as separate series', () => {
    const found: number[] = [];
    const scan = new OutlierScan('probability', (position) => found.push(position));
    for (let i = 0; i < 100; i++) {
      scan.add({ position: 2 * i, kind: 'trade', time: i, price: 0.2, size: 1, flagged: false });
      scan.add({ position: 2 * i + 1, kind: 'price', time: i, price: 0.8, size: null, flagged: false });
    }
    scan.end();
    expect(found).toEqual([]);
  });
});
