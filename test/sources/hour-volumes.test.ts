import { describe, expect, it } from 'vitest';
import { hourVolumes } from '../../src/sources/kalshi/trades.ts';

const HOUR = 3_600_000;
const FIELDS = { end: 'end', volume: 'sum' };
const RANGE = { from: 9 * HOUR, to: 12 * HOUR };
const at = (hour: number, sum: unknown) => ({ end: hour * 3600, sum });

describe('hourly volumes read from candlesticks', () => {
  it('belong to the hour before each end, and are 0 for an hour that is missing between two others', () => {
    expect(hourVolumes([at(12, '2.50'), at(10, 7)], FIELDS, RANGE)).toEqual([
      { from: 9 * HOUR, to: 10 * HOUR, volume: 7 },
      { from: 10 * HOUR, to: 11 * HOUR, volume: 0 },
      { from: 11 * HOUR, to: 12 * HOUR, volume: 2.5 },
    ]);
  });

  it.each([
    ['no list', undefined],
    ['an empty list', []],
    ['rows that are not candlesticks', [null, 3]],
    ['an end that cannot be read', [at(10, 7), { end: 'soon', sum: 1 }]],
    ['an end within an hour', [at(10, 7), at(10.5, 7)]],
    ['a volume that cannot be read', [at(10, 7), at(11, 'NaN')]],
  ])('are empty for %s', (_, candles) => {
    expect(hourVolumes(candles, FIELDS, RANGE)).toEqual([]);
  });

  it('are those of the requested range only, however far away other candlesticks are', () => {
    expect(hourVolumes([at(0, 1), at(9, 1), at(11, 7), at(13, 1), at(1e12, 1)], FIELDS, RANGE)).toEqual([
      { from: 10 * HOUR, to: 11 * HOUR, volume: 7 },
    ]);
  });
});
