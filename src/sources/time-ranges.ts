import type { Instrument, TimeRange } from '../contracts/market-data.ts';

/**
 * What of `[window.from, window.to)` is in none of the covered ranges, oldest first.
 *
 * @param covered merged and sorted, as `coverageOf` gives them
 */
export function missingRanges(window: TimeRange, covered: readonly TimeRange[]): TimeRange[] {
  const missing: TimeRange[] = [];
  let from = window.from;
  for (const range of covered) {
    if (range.to <= from) continue;
    if (range.from >= window.to) break;
    if (range.from > from) missing.push({ from, to: range.from });
    from = range.to;
  }
  if (from < window.to) missing.push({ from, to: window.to });
  return missing;
}

/**
 * Trades settle and are indexed a little after they are made: a collection this long after the close has seen them all.
 */
export const SETTLE_MS = 60_000;

type Life = Pick<Instrument, 'opensAt' | 'closesAt' | 'closed'>;

/** The part of a window in which an instrument can have ticks; empty (`to ≤ from`) when it opened later or closed earlier. */
export function tradableWindow({ opensAt, closesAt, closed }: Life, window: TimeRange): TimeRange {
  const from = Math.max(window.from, opensAt ?? window.from);
  const to = closed && closesAt !== null ? Math.min(window.to, closesAt + SETTLE_MS) : window.to;
  return { from, to };
}

/** The parts of a window before the opening and after the close: covered without asking, since nothing can be there. */
export function lifelessRanges(instrument: Life, window: TimeRange): TimeRange[] {
  const { from, to } = tradableWindow(instrument, window);
  if (to <= from) return [window];
  return [
    { from: window.from, to: from },
    { from: to, to: window.to },
  ].filter((range) => range.to > range.from);
}
