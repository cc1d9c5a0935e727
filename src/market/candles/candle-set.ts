import { INTERVAL_MS, type Interval } from '../../contracts/words.ts';
import { buildCandles } from './build-candles.ts';
import type { MergeableCandles, SequencedTicks } from './candle-columns.ts';
import { canRollUp, rollUp } from './roll-up.ts';

/**
 * Builds the candles of several intervals in one pass over the ticks: multiples of a shorter interval are rolled up from it.
 *
 * @example
 * const { '1h': hourly, '4h': fourHourly } = Object.fromEntries(buildCandleSet(ticks, ['1h', '4h', '1d']));
 */
export function buildCandleSet(ticks: SequencedTicks, intervals: readonly Interval[]): Map<Interval, MergeableCandles> {
  const built = new Map<Interval, MergeableCandles>();
  const shortestFirst = [...intervals].sort((a, b) => INTERVAL_MS[a] - INTERVAL_MS[b]);
  for (const interval of shortestFirst) {
    // the longest interval that fits has the fewest buckets to add up
    const base = [...built.keys()].reverse().find((shorter) => canRollUp(shorter, interval));
    built.set(interval, base === undefined ? buildCandles(ticks, interval) : rollUp(built.get(base) as MergeableCandles, interval));
  }
  return built;
}
