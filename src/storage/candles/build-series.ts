import type { TimeRange } from '../../contracts/market-data.ts';
import { INTERVAL_MS, type Interval } from '../../contracts/words.ts';
import { bucketStart } from '../../market/candles/bucket.ts';
import type { MergeableCandles } from '../../market/candles/candle-columns.ts';
import { buildCandleSet } from '../../market/candles/candle-set.ts';
import { mergeCandles } from '../../market/candles/merge-candles.ts';
import { groupedBy } from '../database/codes.ts';
import type { Queryable, Transaction } from '../database/database.ts';
import { readTickColumns } from '../ticks/tick-columns.ts';
import { type StaleSeries, type StaleSeriesGroup, type TickHour, tickHours } from './candle-plan.ts';
import { type BuiltSeries, type CandleTarget, removeEmptied, writeCandles } from './candle-writes.ts';

/**
 * Rebuilds the candles of one instrument and price type in buckets whose ticks changed. Call `settleSeries` afterwards.
 * @param onRegion called after each rebuilt stretch of time
 * @returns the number of new or changed candles, and the series
 */
export async function buildSeries(
  transaction: Transaction,
  group: StaleSeriesGroup,
  asOf: number,
  onRegion: () => void,
): Promise<{ readonly changed: number; readonly built: readonly BuiltSeries[] }> {
  const { instrumentKey, kind, version, covered, ticksPrunedBefore, series } = group;
  // A run with an earlier `asOf` must not mark buckets as open that a later run has closed.
  const target: CandleTarget = { instrumentKey, kind, covered, ticksPrunedBefore, asOf: Math.max(asOf, ...series.map((one) => one.asOf)) };
  const behind = series.filter(({ builtVersion }) => builtVersion < version);
  let changed = 0;
  if (behind.length > 0) {
    for (const region of candleRegions(behind, await tickHours(transaction, instrumentKey, kind))) {
      for (const candles of (await buildRegion(transaction, group, region)).values()) {
        changed += await writeCandles(transaction, target, candles);
        // only price points can be deleted, when finer ones replace them
        if (kind === 'price') changed += await removeEmptied(transaction, target, { range: region.range, candles });
      }
      onRegion();
    }
  }
  return { changed, built: series.map(({ interval, ...before }) => ({ target, interval, version, before })) };
}

/** Builds the candles of a region part by part, so that memory stays flat; merged parts give the same candles as one part would. */
export async function buildRegion(
  queryable: Queryable,
  { instrumentKey, kind }: Pick<StaleSeriesGroup, 'instrumentKey' | 'kind'>,
  region: CandleRegion,
): Promise<Map<Interval, MergeableCandles>> {
  const built = new Map<Interval, MergeableCandles>();
  for (const { range, ticks } of region.parts) {
    const columns = await readTickColumns(queryable, { instrumentKey, kind, range, expected: ticks });
    for (const [interval, candles] of buildCandleSet(columns, region.intervals)) {
      const before = built.get(interval);
      built.set(interval, before === undefined ? candles : mergeCandles(before, candles));
    }
  }
  return built;
}

const HOUR = 3_600_000;
/** Approximate number of ticks read at once; regions are cut only at hours. */
const TICKS_AT_ONCE = 250_000;

interface CandleRegion {
  readonly range: TimeRange;
  /** Intervals with a changed bucket in this range. */
  readonly intervals: readonly Interval[];
  /** Consecutive parts of the range, cut at hours, each with its number of ticks. */
  readonly parts: readonly { readonly range: TimeRange; readonly ticks: number }[];
}

/** Lists what must be rebuilt: the days or weeks in which an hour changed, joined where adjacent ones fit comfortably into memory. */
export function candleRegions(series: readonly StaleSeries[], hours: readonly TickHour[]): readonly CandleRegion[] {
  const unit: Interval = series.some(({ interval }) => interval === '1w') ? '1w' : '1d';
  const regions: { range: { from: number; to: number }; intervals: readonly Interval[]; hours: TickHour[]; ticks: number }[] = [];
  for (const [from, inUnit] of groupedBy(hours, ({ hour }) => bucketStart(hour * HOUR, unit))) {
    const newest = Math.max(...inUnit.map(({ version }) => version));
    const intervals = series.filter(({ builtVersion }) => newest > builtVersion).map(({ interval }) => interval);
    if (intervals.length === 0) continue;
    const ticks = inUnit.reduce((sum, hour) => sum + hour.ticks, 0);
    const to = from + INTERVAL_MS[unit];
    const last = regions.at(-1);
    if (last !== undefined && last.ticks + ticks <= TICKS_AT_ONCE && last.range.to === from && sameIntervals(last.intervals, intervals)) {
      last.range.to = to;
      last.hours.push(...inUnit);
      last.ticks += ticks;
    } else {
      regions.push({ range: { from, to }, intervals, hours: [...inUnit], ticks });
    }
  }
  return regions.map(({ range, intervals, hours }) => ({ range, intervals, parts: partsOf(range, hours) }));
}

function partsOf(range: TimeRange, hours: readonly TickHour[]): CandleRegion['parts'] {
  const parts: { range: { from: number; to: number }; ticks: number }[] = [];
  for (const { hour, ticks } of hours) {
    const last = parts.at(-1);
    if (last !== undefined && last.ticks + ticks <= TICKS_AT_ONCE) {
      last.range.to = (hour + 1) * HOUR;
      last.ticks += ticks;
    } else {
      parts.push({ range: { from: last?.range.to ?? range.from, to: (hour + 1) * HOUR }, ticks });
    }
  }
  return parts;
}

const sameIntervals = (a: readonly Interval[], b: readonly Interval[]): boolean =>
  a.length === b.length && a.every((interval, i) => interval === b[i]);
