import { expect, it } from 'vitest';
import { complementReport } from '../../src/market/integrity/complement.ts';
import { groupSums } from '../../src/market/integrity/group-sum.ts';
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
});

it('series that never meet say nothing', () => {
  expect(complementReport(series([0.8]), series([]))).toEqual({
    pairs: 0,
    meanDeviation: null,
    worst: null,
    beyond: 0,
    polarity: 'unclear',
  });
});

it('the prices of a group of which one wins add up to 1', () => {
  const members = [series([0.5, 0.6]), series([0.3, 0.3]), series([0.2, 0.4])];
  expect(groupSums(members, [0, 60_000]).map(({ consistent }) => consistent)).toEqual([true, false]);
  expect(groupSums([...members, series([])], [0])[0]).toMatchObject({ missing: 1, consistent: false });
});
