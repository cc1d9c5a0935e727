import type { TickColumns } from '../../contracts/market-data.ts';
import type { Interval } from '../../contracts/words.ts';
import type { ExactSums } from './exact-sums.ts';

/** Candles of one series by ascending `openTime`, without empty buckets. Volumes are NaN without sizes, `buyVolume` also without sides. */
export interface CandleColumns {
  readonly length: number;
  /** UTC epoch milliseconds, left edge of the bucket. */
  readonly openTime: Float64Array;
  readonly open: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
  readonly volume: Float64Array;
  readonly quoteVolume: Float64Array;
  readonly buyVolume: Float64Array;
  /** Ticks in the bucket. */
  readonly trades: Float64Array;
}

type PriceColumns = Pick<CandleColumns, 'length' | 'openTime' | 'open' | 'high' | 'low' | 'close' | 'volume'>;

/** Converts candles to rows; the volume of a candle without sizes is null. */
export const candlesAsRows = (columns: PriceColumns) =>
  Array.from({ length: columns.length }, (_, i) => ({
    openTime: columns.openTime[i],
    open: columns.open[i],
    high: columns.high[i],
    low: columns.low[i],
    close: columns.close[i],
    volume: Number.isNaN(columns.volume[i]) ? null : columns.volume[i],
  }));

/** Candles that can be merged with others of the same series: they hold each bucket's first and last tick and unrounded volumes. */
export interface MergeableCandles extends CandleColumns {
  readonly interval: Interval;
  /** Time and sequence of the tick that opened the bucket: the smallest (time, sequence). */
  readonly firstTime: Float64Array;
  readonly firstSequence: Float64Array;
  /** Time and sequence of the tick that closed the bucket: the largest (time, sequence). */
  readonly lastTime: Float64Array;
  readonly lastSequence: Float64Array;
  readonly exact: { readonly volume: ExactSums; readonly quoteVolume: ExactSums; readonly buyVolume: ExactSums };
}

export interface SequencedTicks extends TickColumns {
  /** Sequence numbers, which order ticks of the same time. @default each tick's index, for ticks sorted by time */
  readonly sequence?: Float64Array;
}
