import { groupedBy } from '../../contracts/grouped-by.ts';
import { type CoverageEvidence, TICK_KINDS, type TickKind } from '../../contracts/words.ts';
import { type Cell, columnsOf } from '../write/table.ts';

/** A range of time in which an instrument's ticks were collected, or a gap between such ranges. */
export interface CoverageRow {
  readonly symbol: string;
  readonly source: string;
  readonly instrument: string;
  readonly kind: TickKind;
  /** Start of the range, included; UTC epoch milliseconds. `to` is the end, excluded. */
  readonly from: number;
  readonly to: number;
  readonly evidence: CoverageEvidence | 'gap';
}

/** The columns of the table of coverage in a data set. */
export const COVERAGE_COLUMNS = columnsOf({
  symbol: 'text',
  source: 'text',
  instrument: 'text',
  kind: 'text',
  from: 'time',
  to: 'time',
  ticks: 'integer',
  evidence: 'text',
});

/** The cells of a range in the order of `COVERAGE_COLUMNS`. */
export const coverageCells = (row: CoverageRow, ticks: number): Cell[] => [
  row.symbol,
  row.source,
  row.instrument,
  row.kind,
  row.from,
  row.to,
  ticks,
  row.evidence,
];

/** The name of a series of ticks: symbol, instrument and kind. */
export const seriesName = ({ symbol, instrument, kind }: Pick<CoverageRow, 'symbol' | 'instrument' | 'kind'>): string =>
  `${symbol} ${instrument} ${kind}`;

/** Groups ranges by series, oldest first; `place` is the index of a range in `rows`. */
export function bySeries(rows: readonly CoverageRow[]): ReadonlyMap<string, readonly (CoverageRow & { readonly place: number })[]> {
  const placed = rows.map((row, place) => ({ ...row, place }));
  const series = groupedBy(placed, seriesName);
  for (const ranges of series.values()) ranges.sort((a, b) => a.from - b.from);
  return series;
}

/**
 * Adds the gaps between the collected ranges of each series, and before the first one.
 * @param opensAt when an instrument opened, UTC epoch milliseconds; null where that is not known
 */
export function withGaps(collected: readonly CoverageRow[], opensAt: (instrument: string) => number | null): readonly CoverageRow[] {
  const rows: CoverageRow[] = [];
  for (const ranges of bySeries(collected).values()) {
    let reached = opensAt(ranges[0].instrument) ?? ranges[0].from;
    for (const { place: _place, ...range } of ranges) {
      if (range.from > reached) rows.push({ ...range, from: reached, to: range.from, evidence: 'gap' });
      rows.push(range);
      reached = Math.max(reached, range.to);
    }
  }
  return rows;
}

/** Describes the first range that is empty or does not start where the previous range of its series ends; undefined when there is none. */
export function contradiction(rows: readonly CoverageRow[]): string | undefined {
  for (const [name, ranges] of bySeries(rows)) {
    for (const [i, { kind, from, to, evidence }] of ranges.entries()) {
      if (!TICK_KINDS.includes(kind) || !(from < to)) return `${name} has a range from ${isoOf(from)} to ${isoOf(to)}`;
      const before = ranges[i - 1];
      if (before !== undefined && before.to !== from)
        return `${name}: a range ends at ${isoOf(before.to)} and the next (${evidence}) starts at ${isoOf(from)}`;
    }
  }
  return undefined;
}

const isoOf = (time: number): string => (Math.abs(time) <= 8.64e15 ? new Date(time).toISOString() : String(time));
