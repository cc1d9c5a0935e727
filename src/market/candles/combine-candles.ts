import type { Interval } from '../../contracts/words.ts';
import type { MergeableCandles } from './candle-columns.ts';
import { addTotal, exactSums, pickSums, roundedTotal } from './exact-sums.ts';

export type BucketAt = readonly [candles: MergeableCandles, k: number];

const VOLUMES = ['volume', 'quoteVolume', 'buyVolume'] as const;

/** Merges buckets, sorted by time, into the larger ones that `bucketOf` assigns. The first and last tick are those by (time, sequence). */
export function combineCandles(
  interval: Interval,
  series: readonly MergeableCandles[],
  sources: readonly BucketAt[],
  bucketOf: (openTime: number) => number,
): MergeableCandles {
  const capacity = sources.length;
  const column = (): Float64Array => new Float64Array(capacity);
  const sumsOf = (volume: (typeof VOLUMES)[number]) =>
    exactSums(
      capacity,
      series.reduce((most, { exact }) => Math.max(most, exact[volume].decimals), 0),
    );
  const into = {
    openTime: column(),
    open: column(),
    high: column(),
    low: column(),
    close: column(),
    trades: column(),
    firstTime: column(),
    firstSequence: column(),
    lastTime: column(),
    lastSequence: column(),
    volume: column(),
    quoteVolume: column(),
    buyVolume: column(),
  };
  const exact = { volume: sumsOf('volume'), quoteVolume: sumsOf('quoteVolume'), buyVolume: sumsOf('buyVolume') };
  let count = 0;
  for (const [candles, from] of sources) {
    const start = bucketOf(candles.openTime[from]);
    const isNew = count === 0 || into.openTime[count - 1] !== start;
    const k = isNew ? count++ : count - 1;
    if (isNew) {
      into.openTime[k] = start;
      into.high[k] = Number.NEGATIVE_INFINITY;
      into.low[k] = Number.POSITIVE_INFINITY;
      for (const volume of VOLUMES) into[volume][k] = Number.NaN;
    }
    into.high[k] = Math.max(into.high[k], candles.high[from]);
    into.low[k] = Math.min(into.low[k], candles.low[from]);
    into.trades[k] = into.trades[k] + candles.trades[from];
    if (isNew || isBefore(candles.firstTime[from], candles.firstSequence[from], into.firstTime[k], into.firstSequence[k])) {
      into.open[k] = candles.open[from];
      into.firstTime[k] = candles.firstTime[from];
      into.firstSequence[k] = candles.firstSequence[from];
    }
    if (isNew || isBefore(into.lastTime[k], into.lastSequence[k], candles.lastTime[from], candles.lastSequence[from])) {
      into.close[k] = candles.close[from];
      into.lastTime[k] = candles.lastTime[from];
      into.lastSequence[k] = candles.lastSequence[from];
    }
    for (const volume of VOLUMES) {
      // NaN means that no tick had a size; the exact sum of such a bucket is 0
      if (Number.isNaN(candles[volume][from])) continue;
      into[volume][k] = 0;
      addTotal(exact[volume], k, candles.exact[volume], from);
    }
  }
  const trimmed = Object.fromEntries(Object.entries(into).map(([name, values]) => [name, values.slice(0, count)])) as typeof into;
  const order = Uint32Array.from({ length: count }, (_, k) => k);
  const sums = {
    volume: pickSums(exact.volume, order),
    quoteVolume: pickSums(exact.quoteVolume, order),
    buyVolume: pickSums(exact.buyVolume, order),
  };
  for (const volume of VOLUMES) {
    for (let k = 0; k < count; k++) {
      if (!Number.isNaN(trimmed[volume][k])) trimmed[volume][k] = roundedTotal(sums[volume], k);
    }
  }
  return { interval, length: count, ...trimmed, exact: sums };
}

const isBefore = (time: number, sequence: number, otherTime: number, otherSequence: number): boolean =>
  time < otherTime || (time === otherTime && sequence < otherSequence);
