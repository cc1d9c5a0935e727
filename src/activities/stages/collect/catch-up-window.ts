import type { TimeRange } from '../../../contracts/market-data.ts';
import { DEFAULT_CATCH_UP_MS } from '../../../contracts/run/run-window.ts';

/**
 * The time that a run collects: its window, extended back to the last look of an earlier run (after a pause), by at most `catchUpMs`.
 *
 * @param lastLooks the time of the latest look at each source that has one
 * @returns the window, and the hole that remains before it; null where there is none
 */
export function catchUpWindow(
  window: TimeRange,
  lastLooks: readonly number[],
  catchUpMs = DEFAULT_CATCH_UP_MS,
): { readonly window: TimeRange; readonly hole: TimeRange | null } {
  const last = Math.min(window.from, ...lastLooks);
  const from = Math.max(last, window.from - catchUpMs);
  return { window: { from, to: window.to }, hole: last < from ? { from: last, to: from } : null };
}
