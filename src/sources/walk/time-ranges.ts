import type { TimeRange } from '../../contracts/market-data.ts';

/**
 * The parts of `[window.from, window.to)` outside the covered ranges, oldest first.
 * @param covered covered ranges, merged and sorted
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

/** Whether a time lies in one of the ranges `[from, to)`. */
export const isWithin = (time: number, ranges: readonly TimeRange[]): boolean => ranges.some(({ from, to }) => time >= from && time < to);
