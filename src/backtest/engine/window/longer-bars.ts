import { PredictLabError } from '../../../contracts/errors.ts';
import { didYouMean } from '../../../contracts/text/nearest-name.ts';
import { INTERVAL_MS, INTERVALS, type Interval } from '../../../contracts/words.ts';
import { bucketStart } from '../../../market/candles/bucket.ts';
import type { CandleSeries } from '../candle-series.ts';

/** A series put together into longer bars. */
export interface LongerSeries {
  readonly candles: CandleSeries;
  /** By bar of the series: longer bars that have closed by its close. */
  readonly closed: Uint32Array;
}

/**
 * Puts bars together into those of a longer interval, on the same grid as candles are built on. One is there once its time is over, by the
 * close of a bar, so that all it is made of lies before that; the first one, of which the series may have only a part, is left out.
 *
 * @param barMs how long a bar of the series lasts, at most the step between any two; milliseconds
 * @throws PredictLabError BadInput when the interval is none, or bars of the series do not fill it
 */
export function longerSeries(series: CandleSeries, barMs: number, interval: Interval): LongerSeries {
  if (!INTERVALS.includes(interval))
    throw new PredictLabError('BadInput', `there is no interval '${interval as string}'${didYouMean(interval, INTERVALS)}`);
  const step = INTERVAL_MS[interval];
  if (step % barMs !== 0)
    throw new PredictLabError(
      'BadInput',
      `bars of ${barMs / INTERVAL_MS['1m']} minutes make none of ${interval}; name an interval that is a multiple of theirs, or trade it on shorter candles`,
    );
  const { length, openTime, open, high, low, close, volume } = series;
  const starts = new Float64Array(length);
  let count = 0;
  for (let i = 0; i < length; i++) {
    starts[i] = bucketStart(openTime[i], interval);
    // the series begins somewhere in its first one
    if (starts[i] >= openTime[0] && (i === 0 || starts[i] !== starts[i - 1])) count++;
  }
  // plain loops: a strategy that watches what built-ins are given has nothing to see here
  const columns = {
    openTime: new Float64Array(count),
    open: new Float64Array(count),
    high: new Float64Array(count),
    low: new Float64Array(count),
    close: new Float64Array(count),
    volume: new Float64Array(count),
  };
  const closed = new Uint32Array(length);
  let last = -1;
  for (let i = 0; i < length; i++) {
    const start = starts[i];
    if (start < openTime[0]) continue;
    if (i === 0 || start !== starts[i - 1]) {
      last++;
      columns.openTime[last] = start;
      columns.open[last] = open[i];
      columns.high[last] = high[i];
      columns.low[last] = low[i];
      columns.volume[last] = volume[i];
    } else {
      if (high[i] > columns.high[last]) columns.high[last] = high[i];
      if (low[i] < columns.low[last]) columns.low[last] = low[i];
      columns.volume[last] += volume[i];
    }
    columns.close[last] = close[i];
    closed[i] = openTime[i] + barMs >= start + step ? last + 1 : last;
  }
  return { candles: { length: count, ...columns }, closed };
}
