import { DAY_MS } from '../../contracts/words.ts';
import type { TimeSpan } from '../../storage/runs/ledger/good-intervals.ts';

/**
 * The time for which each firing of a schedule is responsible: from the firing before it, or for the first one as long as the next step of the
 * schedule, but no more than its own run collects.
 *
 * @param firings oldest first
 * @param daysBack length of the window of one run, in days
 */
export function intervalsOf(firings: readonly Date[], daysBack: number): readonly TimeSpan[] {
  const times = firings.map((time) => time.getTime());
  const step = times.length > 1 ? times[1] - times[0] : DAY_MS;
  return times.map((to, i) => ({ from: Math.max(i === 0 ? to - step : times[i - 1], to - daysBack * DAY_MS), to }));
}
