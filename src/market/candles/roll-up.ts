import { INTERVAL_MS, type Interval } from '../../contracts/words.ts';
import { bucketStart } from './bucket.ts';
import type { MergeableCandles } from './candle-columns.ts';
import { type BucketAt, combineCandles } from './combine-candles.ts';

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
