import type { CandleSeries } from '../../backtest/engine/candle-series.ts';
import { PredictLabError } from '../../contracts/errors.ts';
import { readSeriesFile } from './read-series-file.ts';

/** The candles of a file, and the line of each bar. */
export interface CandleFile {
  readonly candles: CandleSeries;
  /** The place of a bar for errors: `candles.csv, line 12`. */
  readonly whereOf: (bar: number) => string;
}

/**
 * Reads `open_time,open,high,low,close,volume` (volume may be missing or empty; other columns are ignored). Prices and
 * times are checked by `candleProblem`, not here.
 *
 * @throws PredictLabError BadInput when the file cannot be read, is empty, lacks a column, or has a broken volume
 */
export async function readCandleFile(path: string): Promise<CandleFile> {
  const file = await readSeriesFile(
    path,
    {
      open_time: 'time',
      open: 'number',
      high: 'number',
      low: 'number',
      close: 'number',
      volume: 'optional',
    },
    ['symbol', 'instrument', 'price_type', 'interval', 'market', 'ticker', 'outcome'],
  );
  const { open_time: openTime, ...columns } = file.columns;
  const whereOf = (bar: number): string => `${path}, line ${file.lines[bar]}`;
  const negative = columns.volume.findIndex((volume) => volume < 0);
  if (negative >= 0) throw new PredictLabError('BadInput', `${whereOf(negative)}: volume is negative; fix or remove the bar`);
  return { candles: { length: file.length, openTime, ...columns }, whereOf };
}
