import { badInput } from '../../../contracts/errors.ts';
import { didYouMean } from '../../../contracts/text/nearest-name.ts';
import { INTERVAL_MS, INTERVALS, type Interval } from '../../../contracts/words.ts';
import { bucketStart } from '../../../market/candles/bucket.ts';
import type { CandleSeries } from '../candle-series.ts';

export interface LongerSeries {
  readonly candles: CandleSeries;
  /** Number of longer bars that have closed by the close of each bar of the series. */
  readonly closed: Uint32Array;
}

/** Combines bars into bars of a longer interval. The first one is left out: the series may hold only a part of it. @throws PredictLabError */
export function longerSeries(series: CandleSeries, barMs: number, interval: Interval): LongerSeries {
  if (!INTERVALS.includes(interval)) throw badInput(`there is no interval '${interval as string}'${didYouMean(interval, INTERVALS)}`);
  const step = INTERVAL_MS[interval];
  if (step % barMs !== 0)
    throw badInput(
      `bars of ${barMs / INTERVAL_MS['1m']} minutes cannot be combined into bars of ${interval}; name an interval that is a multiple of theirs, or trade shorter candles`,
    );
  const { length, openTime, open, high, low, close, volume } = series;
  const starts = new Float64Array(length);
  let count = 0;
  for (let i = 0; i < length; i++) {
    starts[i] = bucketStart(openTime[i], interval);
    // the series may start inside its first longer bar
    if (starts[i] >= openTime[0] && (i === 0 || starts[i] !== starts[i - 1])) count++;
  }
  // plain loops, no methods of arrays: a strategy could have replaced them to read these values
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
