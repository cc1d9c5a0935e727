import { type CandleSeries, candleProblem } from '../backtest/engine/candle-series.ts';
import { badInput } from '../contracts/errors.ts';
import { INTERVALS, type Interval } from '../contracts/words.ts';
import { readCandleFile } from '../files/read/read-series-file.ts';
import { buildCandles } from '../market/candles/build-candles.ts';
import { type CandleColumns, candlesAsRows } from '../market/candles/candle-columns.ts';
import { type Moment, momentOf, numberAt } from './moment.ts';

export interface CandleRow {
  /** Start of the bucket. */
  readonly openTime: Moment;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  /** Volume in units; null or absent if ticks have no size. */
  readonly volume?: number | null;
}

/** One trade, or one price point if it has no size. */
export interface TickRow {
  readonly time: Moment;
  readonly price: number;
  /** Size in units. */
  readonly size?: number | null;
  readonly side?: 'buy' | 'sell' | null;
}

/**
 * Functions that make candles from rows, ticks and files, and rows from candles.
 *
 * @example
 * const hourly = candles.fromTicks([{ time: '2026-06-01T00:10:00Z', price: 0.4, size: 10 }], '1h');
 * const stored = await candles.read('btc.csv');
 * console.table(candles.toRows(stored).slice(-3));
 */
export const candles = {
  /**
   * Converts rows to columns and checks them: finite prices, strictly rising times.
   * @throws PredictLabError BadInput with the bad row
   * @example
   * const series = candles.fromRows([{ openTime: '2026-06-01T00:00:00Z', open: 0.4, high: 0.5, low: 0.4, close: 0.5, volume: 120 }]);
   */
  fromRows(rows: readonly CandleRow[]): CandleSeries {
    const column = (name: 'open' | 'high' | 'low' | 'close'): Float64Array => Float64Array.from(rows, (row) => row[name]);
    const series: CandleSeries = {
      length: rows.length,
      openTime: Float64Array.from(rows, ({ openTime }, i) => momentOf(openTime, `candles[${i}].openTime`)),
      open: column('open'),
      high: column('high'),
      low: column('low'),
      close: column('close'),
      volume: Float64Array.from(rows, ({ volume }) => volume ?? Number.NaN),
    };
    const problem = candleProblem(series, 'any', (bar) => `candles[${bar}]`);
    if (problem !== undefined) throw badInput(problem);
    return series;
  },

  /**
   * Builds candles from one instrument's trades, or from its price points, but not both: left-closed buckets on the UTC epoch; open = first
   * tick of the bucket, not the previous close; empty buckets are absent. Ticks with equal times count in the order given.
   * @throws PredictLabError BadInput with the bad tick
   * @example
   * const quarter = candles.fromTicks(trades, '15m');
   */
  fromTicks(ticks: readonly TickRow[], interval: Interval): CandleColumns {
    if (!INTERVALS.includes(interval)) throw badInput(`'${interval}' is not a valid interval; write one of ${INTERVALS.join(', ')}`);
    return buildCandles(
      {
        length: ticks.length,
        time: Float64Array.from(ticks, ({ time }, i) => momentOf(time, `ticks[${i}].time`)),
        price: Float64Array.from(ticks, ({ price }, i) => numberAt(price, `ticks[${i}].price`)),
        size: Float64Array.from(ticks, ({ size }, i) =>
          size === null || size === undefined ? Number.NaN : numberAt(size, `ticks[${i}].size`),
        ),
        buy: Uint8Array.from(ticks, ({ side }) => (side === 'buy' ? 1 : side === 'sell' ? 0 : 255)),
      },
      interval,
    );
  },

  /**
   * Reads a candle file as `predictlab export candles` writes it: `open_time,open,high,low,close,volume`; other columns are ignored.
   * @throws PredictLabError BadInput with the bad line
   * @example
   * const series = await candles.read('btc.csv');
   */
  async read(path: string): Promise<CandleSeries> {
    const { candles: series, whereOf } = await readCandleFile(path);
    const problem = candleProblem(series, 'any', whereOf);
    if (problem !== undefined) throw badInput(problem);
    return series;
  },

  /**
   * Converts columns to rows; times are UTC epoch milliseconds.
   * @example
   * for (const { openTime, close } of candles.toRows(series)) console.log(new Date(openTime), close);
   */
  toRows: (series: CandleSeries): (CandleRow & { readonly openTime: number; readonly volume: number | null })[] => candlesAsRows(series),
} as const;
