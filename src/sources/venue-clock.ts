import { MAX_LATENESS_MS } from '../market/lateness.ts';

/**
 * The venue's clock, or this machine's where the two differ by more than the largest lateness: such a clock is broken and must not date a
 * close or a claim of coverage.
 * @param answered the time that the venue's answer states
 * @param now the clock of this machine; all times in UTC epoch milliseconds
 */
export function plausibleClock({ answered, asOf, now }: { answered: number; asOf: number; now: number }): number {
  const ours = Math.max(asOf, now);
  return answered < asOf - MAX_LATENESS_MS || answered > ours + MAX_LATENESS_MS ? ours : answered;
}
