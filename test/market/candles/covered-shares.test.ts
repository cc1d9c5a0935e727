import { expect, it } from 'vitest';
import { coveredShares } from '../../../src/market/candles/covered-shares.ts';

it('the covered share of a bucket is exactly 1 only when all of it is covered', () => {
  const ranges = [
    { from: 0, to: 10 },
    { from: 15, to: 30 },
  ];
  expect([...coveredShares([-10, 0, 5, 10, 15, 20, 25, 30], 10, ranges)]).toEqual([0, 1, 0.5, 0.5, 1, 1, 0.5, 0]);
});
