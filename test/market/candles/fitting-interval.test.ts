import { describe, expect, it } from 'vitest';
import { DAY_MS, INTERVAL_MS, INTERVALS } from '../../../src/contracts/words.ts';
import { announcedLife, fittingInterval, MIN_BARS } from '../../../src/market/candles/fitting-interval.ts';

const HOUR = 3_600_000;
const ASKED = ['1h', '4h', '1d'] as const;
const living = (ms: number) => ({ opensAt: 10 * DAY_MS, closesAt: 10 * DAY_MS + ms });

describe('the interval that fits the life of a short market', () => {
  it('is 5m for an hourly market, in addition to the default intervals', () => {
    expect(fittingInterval(ASKED, living(HOUR))).toBe('5m');
    expect(fittingInterval(ASKED, living(4 * HOUR))).toBe('15m');
    expect(fittingInterval(ASKED, living(HOUR / 4))).toBe('1m');
  });

  it('is not added when a requested interval has enough bars, or when no interval is short enough', () => {
    expect(fittingInterval(ASKED, living(12 * HOUR))).toBeUndefined();
    expect(fittingInterval([...ASKED, '1m'], living(HOUR))).toBeUndefined();
    expect(fittingInterval(ASKED, living(HOUR / 12))).toBeUndefined();
  });

  it('is not added for a market that lives longer than a day, however long the requested intervals are', () => {
    expect(fittingInterval(['1d'], living(DAY_MS))).toBe('2h');
    expect(fittingInterval(['1d'], living(DAY_MS + 1))).toBeUndefined();
  });

  it('depends on the announced end rather than an early close, and is undefined when the life is unknown', () => {
    const life = living(HOUR);
    expect(fittingInterval(ASKED, { ...life, closesAt: life.opensAt + 60_000, endsAt: life.closesAt })).toBe('5m');
    expect(fittingInterval(ASKED, { ...life, opensAt: null })).toBeUndefined();
    expect(fittingInterval(ASKED, { ...life, closesAt: null })).toBeUndefined();
    expect(fittingInterval(ASKED, { ...life, closesAt: null })).toBeUndefined();
    expect(fittingInterval(ASKED, { ...life, closesAt: life.opensAt })).toBeUndefined();
  });

  it('is the longest interval with enough bars in that life', () => {
    for (let minutes = 1; minutes <= 1440; minutes++) {
      const added = fittingInterval(['1w'], living(minutes * 60_000));
      const enough = INTERVALS.filter((interval) => INTERVAL_MS[interval] * MIN_BARS <= minutes * 60_000);
      expect(added).toBe(enough.at(-1));
    }
  });
});

it('the announced life of a market is unknown when its end is missing or not after its opening', () => {
  expect(announcedLife({ opensAt: 5, closesAt: 9 })).toBe(4);
  expect(announcedLife({ opensAt: 5, closesAt: 9, endsAt: 7 })).toBe(2);
  for (const life of [{ closesAt: null }, { closesAt: 5 }, { closesAt: 9, endsAt: 4 }])
    expect(announcedLife({ opensAt: 5, ...life })).toBeNull();
});
