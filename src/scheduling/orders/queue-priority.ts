/** A run that looks back by more than this is a backfill. */
const PAST_MS = 3_600_000;
/** Symbols and tasks of these priorities are urgent. */
const URGENT = 2;

/**
 * Which tasks of all runs on one task queue workers take first, as Temporal's `priorityKey`: 1 first, 5 last. What just happened goes before
 * backfills, since what it misses is gone for good; urgent symbols go first in both. 3 is what other workflows have.
 *
 * @param asOf of the run, `startedAt` when it began; UTC epoch milliseconds
 * @param priority of the symbol or custom task, 1 to 5
 */
export function queuePriority({ asOf, startedAt, priority }: { asOf: number; startedAt: number; priority: number }): number {
  const isUrgent = priority <= URGENT;
  if (asOf < startedAt - PAST_MS) return isUrgent ? 4 : 5;
  return isUrgent ? 1 : 2;
}
