import type { MergeableCandles } from './candle-columns.ts';
import { type BucketAt, combineCandles } from './combine-candles.ts';

/**
 * Merges two sets of candles of one series that share no tick. Associative and commutative: any batching gives the same bytes.
 * @throws RangeError when the intervals differ
 */
export function mergeCandles(a: MergeableCandles, b: MergeableCandles): MergeableCandles {
  if (a.interval !== b.interval)
    throw new RangeError(`candles of ${a.interval} and ${b.interval} do not merge; roll up the shorter ones first`);
  const sources: BucketAt[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    const fromA = j >= b.length || a.openTime[i] <= b.openTime[j];
    sources.push(fromA ? [a, i++] : [b, j++]);
  }
  return combineCandles(a.interval, [a, b], sources, (openTime) => openTime);
}
