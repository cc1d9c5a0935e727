import { MOST_LATENESS_MS } from '../market/lateness.ts';

/**
 * The venue's clock, or this machine's when the two differ by more than any row is late: then the venue's is broken, and neither the date
 * of a close nor a claim of coverage may follow it.
 * @param answered the time that the venue's answer states
 * @param now the clock of this machine; all times in UTC epoch milliseconds
 */
export function plausibleClock({ answered, asOf, now }: { answered: number; asOf: number; now: number }): number {
  const ours = Math.max(asOf, now);
  return answered < asOf - MOST_LATENESS_MS || answered > ours + MOST_LATENESS_MS ? ours : answered;
}
