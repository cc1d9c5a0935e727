import { describe, expect, it } from 'vitest';
import { takeGroup } from '../../src/activities/stages/collect/collect-together.ts';

interface Market {
  readonly volume: number;
  readonly trades: number | undefined;
}
const market = (trades: number | undefined, volume = trades ?? 0): Market => ({ volume, trades });
const groups = (queue: Market[], most = 20, tradesPerDollar = 0): number[][] => {
  const taken: number[][] = [];
  while (queue.length > 0) taken.push(takeGroup(queue, { most, tradesPerDollar }).map(({ volume }) => volume));
  return taken;
};

describe('a group of markets whose trades come with one request', () => {
  it('is filled with small markets up to the trades that a page should have', () => {
    expect(groups([market(600), market(400), market(300), market(200), market(40)])).toEqual([
      [600, 200, 40],
      [400, 300],
    ]);
  });

  it('has at most as many markets as a request reads', () => {
    expect(groups([market(5), market(4), market(0), market(0), market(0)], 2)).toEqual([[5, 4], [0, 0], [0]]);
  });

  it('has one market alone where this one fills a page', () => {
    expect(groups([market(5000), market(900), market(10)])).toEqual([[5000], [900], [10]]);
  });

  it('expects the trades of the others by their volume', () => {
    expect(groups([market(undefined, 900), market(undefined, 700), market(undefined, 200)], 20, 0.5)).toEqual([[900, 700], [200]]);
  });
});
