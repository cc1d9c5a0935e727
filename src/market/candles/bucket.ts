import { INTERVAL_MS, type Interval } from '../../contracts/words.ts';

/** 1970-01-01 was a Thursday: the first Monday of the epoch is four days later. */
const FIRST_MONDAY = 4 * INTERVAL_MS['1d'];

/** How far the buckets of an interval are shifted against the epoch: weeks start Monday, all others at the epoch itself. */
export const bucketOffset = (interval: Interval): number => (interval === '1w' ? FIRST_MONDAY : 0);

/**
 * The start of the bucket `[start, start + interval)` that holds `time`; both UTC epoch milliseconds.
 * A tick exactly on an edge belongs to the bucket that begins there.
 *
 * @example
 * bucketStart(Date.UTC(2026, 10, 24, 10, 38), '4h'); // 2026-11-24T08:00:00Z
 */
export function bucketStart(time: number, interval: Interval): number {
  const length = INTERVAL_MS[interval];
  const offset = bucketOffset(interval);
  return Math.floor((time - offset) / length) * length + offset;
}
