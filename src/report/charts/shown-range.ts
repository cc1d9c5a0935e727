import type { TimeRange } from '../../contracts/market-data.ts';
import { INTERVAL_MS } from '../../contracts/words.ts';
import { formatRange } from '../elements/format.ts';
import type { EmbeddedCandles, InstrumentSection } from '../symbol/symbol-data.ts';
import { linear } from './axis.ts';
import type { PlotBand } from './plot.ts';

/** Maximum number of buckets of one interval on a page, empty ones included. */
export const MAX_BUCKETS = 1000;

/**
 * The time range of a series' chart: from its first candle, or a gap before it, to `asOf` or the end of trading. Past `MAX_BUCKETS` buckets
 * it ends earlier, but never before the last candle, and the oldest buckets are left out.
 */
export const shownRange = (section: InstrumentSection, series: EmbeddedCandles, asOf: number): TimeRange => {
  const length = INTERVAL_MS[series.interval];
  const first = series.candles.at(0)?.openTime ?? asOf;
  const lastClose = (series.candles.at(-1)?.openTime ?? asOf) + length;
  const settledAt = section.resolution.kind === 'settled' ? section.resolution.at : null;
  const end = section.closed ? (settledAt ?? section.closesAt ?? lastClose) : asOf;
  const to = Math.max(lastClose, Math.min(end, asOf, first + MAX_BUCKETS * length));
  const gapBefore = section.gaps.find((gap) => gap.to >= first && gap.from < first)?.from ?? first;
  const buckets = Math.min(MAX_BUCKETS, Math.ceil((to - Math.max(gapBefore, first - 50 * length)) / length));
  // Edges are counted from a candle, not from the epoch: weeks start on Monday, but the epoch was a Thursday.
  const lastEdge = first + Math.ceil((to - first) / length) * length;
  return { from: lastEdge - buckets * length, to: lastEdge };
};

/** The parts of `ranges` inside `window`. */
export const within = (ranges: readonly TimeRange[], window: TimeRange): readonly TimeRange[] =>
  ranges
    .map((range) => ({ from: Math.max(range.from, window.from), to: Math.min(range.to, window.to) }))
    .filter((range) => range.to > range.from);

/** Maximum number of gaps that one plot shades, the longest ones; the data quality section counts all of them. */
const MAX_BANDS = 300;

/** The gaps inside the range, in order; only the longest ones if there are too many to draw. */
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
