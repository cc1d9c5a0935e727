import { MOST_LATENESS_MS } from '../market/lateness.ts';

/**
 * What a venue says that its clock shows, unless that is further from ours than any row is late: then it is broken, and ours counts. What
 * a close is dated by, and what may be claimed, must not follow it into another year.
 *
 * @param now our clock; it and the rest in UTC epoch milliseconds
 */
export function soundClock({ answered, asOf, now }: { answered: number; asOf: number; now: number }): number {
  const ours = Math.max(asOf, now);
  return answered < asOf - MOST_LATENESS_MS || answered > ours + MOST_LATENESS_MS ? ours : answered;
}
