import { describe, expect, it } from 'vitest';
import { complementReport } from '../../src/market/integrity/complement.ts';
import { type GroupMember, groupReport, groupSums } from '../../src/market/integrity/group-sum.ts';
import { columnsOf, tick } from './ticks.ts';

const series = (prices: readonly number[]) => columnsOf(prices.map((price, i) => tick(i * 60_000, price)));

it('two outcomes of a market add up to 1; where they do not, the worst moment is named', () => {
  const report = complementReport(series([0.8, 0.82, 0.85]), series([0.2, 0.17, 0.3]));
  expect(report).toMatchObject({ pairs: 3, beyond: 1, worst: { time: 120_000 } });
  expect(report.worst?.deviation).toBeCloseTo(0.15, 12);
});

it('twins that add up to 1 are the wrong way round', () => {
  expect(complementReport(series([0.8, 0.82]), series([0.21, 0.18])).polarity).toBe('complement');
  expect(complementReport(series([0.8, 0.82]), series([0.79, 0.82])).polarity).toBe('same');
  expect(complementReport(series([0.5, 0.51]), series([0.5, 0.49])).polarity).toBe('unclear');
  // a distance of exactly the tolerance is still within it
  const tolerance = 0.25;
  expect(complementReport(series([0]), series([0.25]), { tolerance }).polarity).toBe('same');
  expect(complementReport(series([0]), series([0.75]), { tolerance }).polarity).toBe('complement');
});

it('each price meets the newest one of the other series that is not too old', () => {
  const at = (...points: readonly (readonly [time: number, price: number])[]) =>
    columnsOf(points.map(([time, price]) => tick(time, price)));
  const first = at([0, 0.5], [60, 0.6], [120, 0.7], [200, 0.8]);
  const second = at([30, 0.4], [60, 0.36], [100, 0.2], [300, 0.9]);
  const report = complementReport(first, second, { maxAge: 100 });
  expect(report).toMatchObject({ pairs: 3, beyond: 1, worst: { time: 120 } });
  // |0.6 + 0.36 − 1|, |0.7 + 0.2 − 1|, |0.8 + 0.2 − 1|
  expect(report.meanDeviation).toBeCloseTo((0.04 + 0.1 + 0) / 3, 12);
  expect(complementReport(first, second, { maxAge: 99 }).pairs).toBe(2);
});

it('how far two series are apart is a mean, however many pairs there are', () => {
  const many = (price: number) => series(Array.from({ length: 60 }, () => price));
  expect(complementReport(many(0.8), many(0.81)).polarity).toBe('same');
  expect(complementReport(many(0.8), many(0.21)).polarity).toBe('complement');
});

it('series without common times give no comparison', () => {
  expect(complementReport(series([0.8]), series([]))).toEqual({
    pairs: 0,
    meanDeviation: null,
    worst: null,
    beyond: 0,
    polarity: 'unclear',
  });
});

const open = (prices: readonly number[]): GroupMember => ({ prices: series(prices), settled: null });

describe('a group of which one wins', () => {
  it('adds up to 1 at every time at which all have a price', () => {
    const members = [open([0.5, 0.6]), open([0.3, 0.3]), open([0.2, 0.4])];
    expect(groupSums(members, [0, 60_000]).map(({ consistent }) => consistent)).toEqual([true, false]);
    expect(groupSums([...members, open([])], [0])[0]).toMatchObject({ missing: 1, consistent: false });
  });

  it('leaves out times at which a price is too old, and takes what a settled market pays', () => {
    const day = 1440;
    const [old, other] = [open([0.5]), open(Array.from({ length: 2 * day }, () => 0.5))];
    expect(groupReport([old, other])).toMatchObject({ times: day + 1, meanSum: 1, verdict: 'near 1' });
    const out: GroupMember = { prices: series([0.4]), settled: { at: 60_000, payout: 0 } };
    expect(groupSums([out, other], [0, 60_000, 2 * day * 60_000]).map(({ sum }) => sum)).toEqual([0.9, 0.5, 0.5]);
  });

  it('is off when most sums are, and says in which direction', () => {
    const rest = open([0.5, 0.5, 0.5]);
    expect(groupReport([rest, open([0.5, 0.5, 0.9])])).toMatchObject({ times: 3, above: 1, below: 0, verdict: 'near 1' });
    expect(groupReport([rest, open([0.5, 0.9, 0.9])])).toMatchObject({ above: 2, verdict: 'above' });
    expect(groupReport([rest, open([0.1, 0.3, 0.5])])).toMatchObject({ below: 2, verdict: 'below' });
    expect(groupReport([open([0.5]), open([])])).toEqual({ times: 0, meanSum: null, above: 0, below: 0, verdict: 'near 1' });
  });

  it('is off by more than the tolerance of 0.1, not by less', () => {
    expect(groupReport([open([0.5]), open([0.59])]).verdict).toBe('near 1');
    expect(groupReport([open([0.5]), open([0.61])]).verdict).toBe('above');
    expect(groupReport([open([0.5]), open([0.39])]).verdict).toBe('below');
    const sums = (tolerance: number) => groupSums([open([0.5]), open([0.75])], [0], { tolerance });
    expect(sums(0.25)[0].consistent).toBe(true);
    expect(sums(0.24)[0].consistent).toBe(false);
  });
});
