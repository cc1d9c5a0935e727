import type { TimeRange } from '../../contracts/market-data.ts';
import { INTERVAL_MS, type Interval } from '../../contracts/words.ts';
import { bucketStart } from '../../market/candles/bucket.ts';
import type { StaleSeries, TickHour } from './candle-plan.ts';

const HOUR = 3_600_000;
/** About how many ticks are read at once; regions are cut only at hours. */
const TICKS_AT_ONCE = 250_000;

/** A range of time to build again: whole buckets of every interval in it. */
export interface CandleRegion {
  readonly range: TimeRange;
  /** Intervals with a changed bucket in this range. */
  readonly intervals: readonly Interval[];
  /** Consecutive parts of the range, cut at hours, each with how many ticks it has. */
  readonly parts: readonly { readonly range: TimeRange; readonly ticks: number }[];
}

/**
 * Lists what has to be built again: days (weeks, if weeks are among the intervals) in which some hour changed since a series was built. Adjacent
 * regions with the same intervals are joined while their ticks fit comfortably into memory.
 */
export function candleRegions(series: readonly StaleSeries[], hours: readonly TickHour[]): readonly CandleRegion[] {
  const unit: Interval = series.some(({ interval }) => interval === '1w') ? '1w' : '1d';
  const regions: { range: { from: number; to: number }; intervals: readonly Interval[]; hours: TickHour[]; ticks: number }[] = [];
  for (const { from, hours: inUnit } of byUnit(hours, unit)) {
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

/** Groups hours by the day or week they are in. */
function byUnit(hours: readonly TickHour[], unit: Interval): readonly { readonly from: number; readonly hours: readonly TickHour[] }[] {
  const units = new Map<number, TickHour[]>();
  for (const hour of hours) {
    const from = bucketStart(hour.hour * HOUR, unit);
    const known = units.get(from);
    if (known === undefined) units.set(from, [hour]);
    else known.push(hour);
  }
  return [...units].map(([from, inUnit]) => ({ from, hours: inUnit }));
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
