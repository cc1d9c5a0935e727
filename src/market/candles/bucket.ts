import { INTERVAL_MS, type Interval } from '../../contracts/words.ts';

/** Time from the epoch (1970-01-01, a Thursday) to the first Monday after it, in milliseconds. */
const FIRST_MONDAY = 4 * INTERVAL_MS['1d'];

/** Offset of an interval's buckets from the epoch in milliseconds: weeks start on Monday, buckets of other intervals at the epoch. */
export const bucketOffset = (interval: Interval): number => (interval === '1w' ? FIRST_MONDAY : 0);

/**
 * Start of the bucket `[start, start + interval)` that contains `time`; both in UTC epoch milliseconds.
 *
 * @example
 * bucketStart(Date.UTC(2026, 10, 24, 10, 38), '4h'); // 2026-11-24T08:00:00Z
 */
export function bucketStart(time: number, interval: Interval): number {
  const length = INTERVAL_MS[interval];
  const offset = bucketOffset(interval);
  return Math.floor((time - offset) / length) * length + offset;
}
