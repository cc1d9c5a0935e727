import type { TimeRange } from '../../contracts/market-data.ts';
import type { TimedVolume } from '../../market/second-witness.ts';
import { readNumber, readTime } from './scalars.ts';
import { isObject } from './schema-drift.ts';

const HOUR_MS = 3_600_000;

/**
 * Reads the volumes of the hourly candlesticks in a range. An hour between the first and the last of them without a candlestick had no
 * trades. Candlesticks outside the range are ignored, however far away they are.
 */
export function hourVolumes(
  candles: unknown,
  fields: { readonly end: string; readonly volume: string },
  range: TimeRange,
): readonly TimedVolume[] {
  const volumes = new Map<number, number>();
  for (const candle of Array.isArray(candles) ? candles.filter(isObject) : []) {
    const [{ value: end }, { value: volume }] = [readTime(candle[fields.end]), readNumber(candle[fields.volume])];
    // an unreadable candlestick may belong to any missing hour, so the volume of no hour is certain
    if (end === null || end % HOUR_MS !== 0 || volume === null) return [];
    if (end > range.from && end <= range.to) volumes.set(end, volume);
  }
  const ends = [...volumes.keys()];
  const [first, last] = [Math.min(...ends), Math.max(...ends)];
  const stated: TimedVolume[] = [];
  for (let to = first; to <= last; to += HOUR_MS) stated.push({ from: to - HOUR_MS, to, volume: volumes.get(to) ?? 0 });
  return stated;
}
