import { INTERVAL_MS, INTERVALS, type Interval } from '../../contracts/words.ts';
import { bucketStart } from './bucket.ts';
import { buildCandles } from './build-candles.ts';
import type { MergeableCandles, SequencedTicks } from './candle-columns.ts';
import { type BucketAt, combineCandles } from './combine-candles.ts';

/**
 * Builds the candles of several intervals in one pass over the ticks: multiples of a shorter interval are rolled up from it.
 *
 * @example
 * const { '1h': hourly, '4h': fourHourly } = Object.fromEntries(buildCandleSet(ticks, ['1h', '4h', '1d']));
 */
export function buildCandleSet(ticks: SequencedTicks, intervals: readonly Interval[]): Map<Interval, MergeableCandles> {
  const built = new Map<Interval, MergeableCandles>();
  // the shortest first
  for (const interval of INTERVALS.filter((one) => intervals.includes(one))) {
    // the longest interval that fits has the fewest buckets to add up
    const base = [...built.keys()].reverse().find((shorter) => canRollUp(shorter, interval));
    built.set(interval, base === undefined ? buildCandles(ticks, interval) : rollUp(built.get(base) as MergeableCandles, interval));
  }
  return built;
}

/** Whether each bucket of `to` consists of whole buckets of `from`. */
export const canRollUp = (from: Interval, to: Interval): boolean => INTERVAL_MS[to] % INTERVAL_MS[from] === 0;

/**
 * Builds longer candles from shorter ones; they equal candles built from the ticks, bit for bit.
 * @throws RangeError when buckets of `to` do not consist of whole buckets of `candles.interval` (4h → 6h)
 */
export function rollUp(candles: MergeableCandles, to: Interval): MergeableCandles {
  if (!canRollUp(candles.interval, to))
    throw new RangeError(`${candles.interval} candles cannot be rolled up to ${to}: ${to} is not a multiple`);
  const sources: BucketAt[] = [];
  for (let k = 0; k < candles.length; k++) sources.push([candles, k]);
  return combineCandles(to, [candles], sources, (openTime) => bucketStart(openTime, to));
}
