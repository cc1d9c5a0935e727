import type { TimeRange } from '../../contracts/market-data.ts';

/** Share of each bucket `[open, open + length)` that lies in `ranges` (merged, half-open, oldest first); 1 only for a whole bucket. */
export function coveredShares(openTimes: ArrayLike<number>, length: number, ranges: readonly TimeRange[]): Float64Array {
  return Float64Array.from(openTimes, (from) => {
    const to = from + length;
    let covered = 0;
    for (let r = firstEndingAfter(ranges, from); r < ranges.length && ranges[r].from < to; r++) {
      covered += Math.min(to, ranges[r].to) - Math.max(from, ranges[r].from);
    }
    return covered / length;
  });
}

/** Index of the first range that reaches beyond `time`. */
function firstEndingAfter(ranges: readonly TimeRange[], time: number): number {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ranges[middle].to > time) high = middle;
    else low = middle + 1;
  }
  return low;
}
