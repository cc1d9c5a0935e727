import { expect, it } from 'vitest';
import { DAY_MS, type Interval } from '../../../src/contracts/words.ts';
import { candleRegions } from '../../../src/storage/candles/build-series.ts';

/** Midnight of a Monday, in hours since the epoch. */
const MONDAY = Date.UTC(2026, 10, 2) / 3_600_000;
const at = (hour: number): number => (MONDAY + hour) * 3_600_000;
const series = (interval: Interval, builtVersion: number) => ({ interval, builtVersion, asOf: 0, covered: [] });
const hour = (place: number, version: number, ticks = 10) => ({ hour: MONDAY + place, ticks, version });

it('only days with a changed hour are built again, each for the intervals that lack the change', () => {
  const regions = candleRegions([series('1h', 2), series('4h', 1)], [hour(1, 1), hour(25, 2), hour(49, 3), hour(50, 1)]);
  expect(regions.map(({ range, intervals }) => [range.from, range.to, intervals])).toEqual([
    [at(24), at(48), ['4h']],
    [at(48), at(72), ['1h', '4h']],
  ]);
});

it('adjacent days with the same intervals are built together while their ticks fit, in parts of whole hours', () => {
  const [one, ...rest] = candleRegions([series('1h', 0)], [hour(1, 1), hour(25, 1), hour(26, 1)]);
  expect(rest).toEqual([]);
  expect(one).toEqual({
    range: { from: at(0), to: at(48) },
    intervals: ['1h'],
    parts: [{ range: { from: at(0), to: at(27) }, ticks: 30 }],
  });
  const large = candleRegions([series('1h', 0)], [hour(1, 1, 200_000), hour(2, 1, 100_000), hour(25, 1, 1)]);
  expect(large.map(({ range }) => range)).toEqual([
    { from: at(0), to: at(24) },
    { from: at(24), to: at(48) },
  ]);
  expect(large[0].parts.map(({ range, ticks }) => [range.from, range.to, ticks])).toEqual([
    [at(0), at(2), 200_000],
    [at(2), at(3), 100_000],
  ]);
});

it('days are built together across days without ticks, but not across days that did not change', () => {
  expect(candleRegions([series('1h', 1)], [hour(1, 2), hour(49, 2)])).toEqual([
    { range: { from: at(0), to: at(72) }, intervals: ['1h'], parts: [{ range: { from: at(0), to: at(50) }, ticks: 20 }] },
  ]);
  expect(candleRegions([series('1h', 1)], [hour(1, 2), hour(25, 1), hour(49, 2)])).toHaveLength(2);
});

it('weekly candles are built a whole week at a time', () => {
  expect(candleRegions([series('1w', 0)], [hour(30, 1)]).map(({ range }) => range)).toEqual([{ from: at(0), to: at(0) + 7 * DAY_MS }]);
});
