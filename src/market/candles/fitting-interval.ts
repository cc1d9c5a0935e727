import type { Instrument } from '../../contracts/market-data.ts';
import { DAY_MS, INTERVAL_MS, INTERVALS, type Interval } from '../../contracts/words.ts';

/** Minimum number of bars in a market's life that makes a backtest of it meaningful. */
export const MIN_BARS = 12;

export type AnnouncedLife = Pick<Instrument, 'opensAt' | 'closesAt' | 'endsAt'>;

/** Milliseconds from a market's opening to its announced end; null where either is unknown. */
export function announcedLife({ opensAt, closesAt, endsAt = closesAt ?? undefined }: AnnouncedLife): number | null {
  return opensAt === null || endsAt === undefined || endsAt <= opensAt ? null : endsAt - opensAt;
}

/** The longest interval that divides a life of this many milliseconds into at least `MIN_BARS` bars; undefined if none does. */
export const longestFitting = (lifeMs: number): Interval | undefined =>
  INTERVALS.findLast((interval) => INTERVAL_MS[interval] * MIN_BARS <= lifeMs);

/**
 * The interval that a run adds to the requested ones for one short market, so that even an hour has enough bars for a backtest. Undefined
 * when a requested one fits, when none is short enough, and for markets that live longer than a day or whose life is unknown.
 */
export function fittingInterval(asked: readonly Interval[], life: AnnouncedLife): Interval | undefined {
  const lifeMs = announcedLife(life);
  if (lifeMs === null || lifeMs > DAY_MS || asked.some((interval) => INTERVAL_MS[interval] * MIN_BARS <= lifeMs)) return undefined;
  return longestFitting(lifeMs);
}
