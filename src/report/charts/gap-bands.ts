import type { TimeRange } from '../../contracts/market-data.ts';
import { formatRange } from '../elements/format.ts';
import { linear } from './axis.ts';
import type { PlotBand } from './plot.ts';
import { within } from './shown-range.ts';

/** Maximum bands of one plot, the longest gaps; the data quality section counts all of them. */
const MAX_BANDS = 300;

/** The gaps inside the range, in order; the longest ones where there are too many. */
export const drawnGaps = (gaps: readonly TimeRange[], range: TimeRange): readonly TimeRange[] => {
  const inside = within(gaps, range);
  if (inside.length <= MAX_BANDS) return inside;
  const longest = new Set([...inside].sort((a, b) => b.to - b.from - (a.to - a.from)).slice(0, MAX_BANDS));
  return inside.filter((gap) => longest.has(gap));
};

/** Ranges that were not collected, as hatched bands of a plot of `range`. */
export const gapBands = (gaps: readonly TimeRange[], range: TimeRange): readonly PlotBand[] => {
  const x = linear(range.from, range.to);
  return drawnGaps(gaps, range).map((gap) => ({
    from: x(gap.from),
    to: x(gap.to),
    label: `not collected ${formatRange(gap.from, gap.to)}`,
    short: 'not collected',
  }));
};
