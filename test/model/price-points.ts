import type { TimeRange } from '../../src/contracts/market-data.ts';
import type { QueryPairs } from '../../src/sources/http/venue-client.ts';
import { VenueError } from '../../src/sources/http/venue-error.ts';
import type { SourcePage } from '../../src/sources/source.ts';
import { isWithin } from '../../src/sources/walk/time-ranges.ts';
import { DAY } from './world.ts';

/** Age at which the venue drops points of a grain, in milliseconds, by the grain in seconds. */
export const KEPT: Readonly<Record<number, number>> = { 60: 7 * DAY, 300: 60 * DAY, 1800: 90 * DAY };

/** The price of a market since a moment; UTC epoch milliseconds. */
export interface Priced {
  readonly time: number;
  readonly price: number;
}

interface Shows {
  /** Every change of the price, oldest first. */
  readonly ticks: readonly Priced[];
  /** The present by the clock that dates the ticks, and by the clock that ages them. */
  readonly now: number;
  readonly clock: number;
  /** How late a price is shown, in milliseconds. */
  readonly lag: number;
}

/** The price points of a query as the venue shows them: the last price of each bucket that has one, and the newest price. */
export function pointsOf(query: QueryPairs, { ticks, now, clock, lag }: Shows): readonly { timestamp: number; price: number }[] {
  const asked = Object.fromEntries(query) as Record<string, number>;
  const span = asked.end - asked.start;
  if (span > 1_296_000) throw new VenueError('BadInput', `the interval of ${span} s is too long`, { status: 400 });
  const width = asked.bucket_seconds * 1000;
  const from = Math.max(asked.start * 1000, clock - (KEPT[asked.bucket_seconds] ?? Number.POSITIVE_INFINITY));
  const shown = ticks.filter(({ time }) => time + lag <= now);
  const prices = new Map(shown.map(({ time, price }) => [Math.ceil(time / width) * width, price]));
  const points = [...prices].filter(([time]) => time >= from && time < asked.end * 1000 && time + lag <= now);
  const newest = shown.at(-1);
  if (newest !== undefined && asked.end * 1000 > newest.time && newest.time >= from && newest.time % width !== 0)
    points.push([newest.time, newest.price]);
  return points.map(([time, price]) => ({ timestamp: time / 1000, price }));
}

/** Union of ranges, sorted and merged. */
export function union(ranges: readonly TimeRange[]): TimeRange[] {
  const merged: { from: number; to: number }[] = [];
  for (const range of [...ranges].sort((a, b) => a.from - b.from)) {
    const last = merged.at(-1);
    if (last !== undefined && range.from <= last.to) last.to = Math.max(last.to, range.to);
    else merged.push({ ...range });
  }
  return merged;
}

/** The stored price points of one market: of each time the finest. */
export class StoredPoints {
  /** Price and grain in seconds, by time. */
  readonly points = new Map<number, { readonly price: number | null; readonly grain: number }>();
  covered: readonly TimeRange[] = [];
  looked: number | null = null;
  /** Where points of a grain were collected: coarser ones give way there. */
  readonly #covers: NonNullable<SourcePage['points']>[] = [];

  add({ rows, coverage, points, walked }: Pick<SourcePage, 'rows' | 'coverage' | 'points' | 'walked'>): void {
    if (points !== undefined) this.#covers.push(points);
    for (const { time, price, grain: seconds } of rows) {
      const grain = seconds ?? 0;
      if (time !== null && grain <= (this.points.get(time)?.grain ?? Number.POSITIVE_INFINITY)) this.points.set(time, { price, grain });
    }
    for (const [time, { grain }] of this.points)
      if (this.#covers.some((finer) => finer.grain < grain && isWithin(time, [finer.range]))) this.points.delete(time);
    this.covered = union([...this.covered, ...coverage.filter(({ from, to }) => to > from)]);
    if (walked?.looked !== undefined && walked.looked !== null) this.looked = Math.max(this.looked ?? 0, walked.looked);
  }

  withdraw(end: number): void {
    this.covered = this.covered.map(({ from, to }) => ({ from, to: Math.min(to, end) })).filter(({ from, to }) => to > from);
  }

  /** Whether a price at a time has a point, where it was collected at a grain in seconds. Time whose bucket is not covered needs none. */
  has(time: number, grain: number): boolean {
    const bucket = Math.ceil(time / (grain * 1000)) * grain * 1000;
    if (!isWithin(time, this.covered) || !isWithin(bucket, this.covered)) return true;
    return [...this.points.keys()].some((each) => each > bucket - 2 * grain * 1000 && each <= bucket);
  }
}
