import type { Instrument } from '../../contracts/market-data.ts';
import { DAY_MS, INTERVAL_MS, INTERVALS, type Interval } from '../../contracts/words.ts';

/** Bars below which a backtest says nothing. */
export const FEWEST_BARS = 12;

export type AnnouncedLife = Pick<Instrument, 'opensAt' | 'closesAt' | 'endsAt'>;

/** Milliseconds from a market's opening to its announced end; null where either is unknown. */
export function announcedLife({ opensAt, closesAt, endsAt = closesAt ?? undefined }: AnnouncedLife): number | null {
  return opensAt === null || endsAt === undefined || endsAt <= opensAt ? null : endsAt - opensAt;
}

/** The longest interval that divides a life of this many milliseconds into at least `FEWEST_BARS` bars; undefined if none does. */
export const longestFitting = (lifeMs: number): Interval | undefined =>
  INTERVALS.findLast((interval) => INTERVAL_MS[interval] * FEWEST_BARS <= lifeMs);

/**
 * The interval that a run adds to the asked ones for one market, so that a market of an hour has bars to trade on. Undefined when an asked
 * interval fits, when none is short enough, and for markets that live longer than a day or whose life is unknown.
 */
export function fittingInterval(asked: readonly Interval[], life: AnnouncedLife): Interval | undefined {
  const lifeMs = announcedLife(life);
  if (lifeMs === null || lifeMs > DAY_MS || asked.some((interval) => INTERVAL_MS[interval] * FEWEST_BARS <= lifeMs)) return undefined;
  return longestFitting(lifeMs);
}
