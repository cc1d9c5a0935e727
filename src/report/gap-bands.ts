import type { TimeRange } from '../contracts/market-data.ts';
import { linear } from './axis.ts';
import { formatRange } from './format.ts';
import type { PlotBand } from './plot.ts';
import { within } from './shown-range.ts';

/** Ranges that were not collected, as hatched bands of a plot over `range`. */
export const gapBands = (gaps: readonly TimeRange[], range: TimeRange): readonly PlotBand[] => {
  const x = linear(range.from, range.to);
  return within(gaps, range).map((gap) => ({
    from: x(gap.from),
    to: x(gap.to),
    label: `not collected ${formatRange(gap.from, gap.to)}`,
    short: 'not collected',
  }));
};
