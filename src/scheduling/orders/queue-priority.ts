/** A run whose `asOf` lies further back than this is a backfill. */
const PAST_MS = 3_600_000;
/** Symbols and tasks of these priorities are urgent. */
const URGENT = 2;

/**
 * Temporal's `priorityKey` of a task, which decides across all runs of a task queue what workers take first: 1 first, 5 last. Live runs
 * go before backfills, since data they miss is gone for good; urgent symbols go first in both. Other workflows have 3.
 *
 * @param asOf the instant the run runs as of, `startedAt` when it started; both UTC epoch milliseconds
 * @param priority priority of the symbol or custom task, 1 to 5
 */
export function queuePriority({ asOf, startedAt, priority }: { asOf: number; startedAt: number; priority: number }): number {
  const isUrgent = priority <= URGENT;
  if (asOf < startedAt - PAST_MS) return isUrgent ? 4 : 5;
  return isUrgent ? 1 : 2;
}
