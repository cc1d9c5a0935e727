import type { TimeRange } from '../../../contracts/market-data.ts';
import { DEFAULT_CATCH_UP_MS } from '../../../contracts/run/run-window.ts';

/**
 * The time that a run collects: its window, and before that what a pause has left out since the last look, as far back as it may catch up.
 *
 * @param lastLooks the latest look of each source that has been looked at
 * @returns also the hole that remains before that; null where there is none
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
