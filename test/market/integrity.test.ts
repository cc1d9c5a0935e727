import { describe, expect, it } from 'vitest';
import { complementReport } from '../../src/market/integrity/complement.ts';
import { type GroupMember, groupReport } from '../../src/market/integrity/group-sum.ts';
import { columnsOf, tick } from './ticks.ts';

const series = (prices: readonly number[]) => columnsOf(prices.map((price, i) => tick(i * 60_000, price)));

it('twins whose prices add up to 1 list their outcomes in opposite order', () => {
  expect(complementReport(series([0.8, 0.82]), series([0.21, 0.18])).polarity).toBe('complement');
  expect(complementReport(series([0.8, 0.82]), series([0.79, 0.82])).polarity).toBe('same');
  expect(complementReport(series([0.5, 0.51]), series([0.5, 0.49])).polarity).toBe('unclear');
  // a distance of exactly the tolerance is still within it
  expect(complementReport(series([0.05]), series([0])).polarity).toBe('same');
  expect(complementReport(series([0.051]), series([0])).polarity).toBe('unclear');
});

it('each price is compared with the newest price of the other series that is at most a day old', () => {
  const day = 86_400_000;
  const at = (...points: readonly (readonly [time: number, price: number])[]) =>
    columnsOf(points.map(([time, price]) => tick(time, price)));
  const first = at([0, 0.1], [60, 0.8], [120, 0.8], [100 + day, 0.8]);
  const second = at([30, 0.9], [60, 0.2], [100, 0.2], [101 + day, 0.8]);
  expect(complementReport(first, second)).toEqual({ pairs: 3, polarity: 'complement' });
  expect(complementReport(at([0, 0.1], [101 + day, 0.8]), second).pairs).toBe(1);
  expect(complementReport(at([102 + 2 * day, 0.8]), second).pairs).toBe(0);
});

it('the distance of two series is the mean over all pairs of prices', () => {
  const many = (price: number) => series(Array.from({ length: 60 }, () => price));
  expect(complementReport(many(0.8), many(0.81)).polarity).toBe('same');
  expect(complementReport(many(0.8), many(0.21)).polarity).toBe('complement');
  // both distances are small near 0.5
  expect(complementReport(many(0.47), many(0.47)).polarity).toBe('unclear');
});

it('two series without common times are not compared', () => {
  expect(complementReport(series([0.8]), series([]))).toEqual({ pairs: 0, polarity: 'unclear' });
});

const open = (prices: readonly number[]): GroupMember => ({ prices: series(prices), settled: null });

describe('the sum of prices in a group of markets of which one wins', () => {
  it('is checked at every time at which all markets have a price', () => {
    const members = [open([0.5, 0.6]), open([0.3, 0.3]), open([0.2, 0.4])];
    expect(groupReport(members)).toMatchObject({ times: 2, above: 1, below: 0 });
    expect(groupReport([...members, open([])]).times).toBe(0);
  });

  it('leaves out times at which a price is too old, and uses the payout of a settled market', () => {
    const day = 1440;
    const [old, other] = [open([0.5]), open(Array.from({ length: 2 * day }, () => 0.5))];
    expect(groupReport([old, other])).toMatchObject({ times: day + 1, meanSum: 1, verdict: 'near 1' });
    const out: GroupMember = { prices: series([0.4]), settled: { at: 60_000, payout: 0 } };
    expect(groupReport([out, other])).toMatchObject({ times: 2 * day, below: 2 * day - 1, verdict: 'below' });
  });

  it('is wrong when most sums are wrong, and the verdict gives the direction', () => {
    const rest = open([0.5, 0.5, 0.5]);
    expect(groupReport([rest, open([0.5, 0.5, 0.9])])).toMatchObject({ times: 3, above: 1, below: 0, verdict: 'near 1' });
    expect(groupReport([rest, open([0.5, 0.9, 0.9])])).toMatchObject({ above: 2, verdict: 'above' });
    expect(groupReport([rest, open([0.1, 0.3, 0.5])])).toMatchObject({ below: 2, verdict: 'below' });
    expect(groupReport([open([0.5]), open([])])).toEqual({ times: 0, meanSum: null, above: 0, below: 0, verdict: 'near 1' });
  });

  it('is wrong only beyond the tolerance of 0.1', () => {
    expect(groupReport([open([0.5]), open([0.59])]).verdict).toBe('near 1');
    expect(groupReport([open([0.5]), open([0.61])]).verdict).toBe('above');
    expect(groupReport([open([0.5]), open([0.39])]).verdict).toBe('below');
  });
});
