import type { CandleColumns } from '../../market/candles/candle-columns.ts';
import { type Cell, columnsOf, type TableColumn } from './table.ts';

/** The columns of candles in every format and command. */
export const CANDLE_COLUMNS: readonly TableColumn[] = columnsOf({
  symbol: 'text',
  source: 'text',
  instrument: 'text',
  price_type: 'text',
  interval: 'text',
  open_time: 'time',
  open: 'number',
  high: 'number',
  low: 'number',
  close: 'number',
  volume: 'number',
  quote_volume: 'number',
  buy_volume: 'number',
  trades: 'integer',
  complete: 'boolean',
});

/** The cells that identify the series of a candle. */
export type CandleLabels = readonly [symbol: string, source: string, instrument: string, priceType: string, interval: string];

const BATCH = 4096;

/** The rows of candles, in batches. */
export function* candleRows(labels: CandleLabels, candles: CandleColumns & { readonly complete: ArrayLike<number> }): Generator<Cell[][]> {
  for (let from = 0; from < candles.length; from += BATCH) {
    const rows: Cell[][] = [];
    for (let k = from; k < Math.min(from + BATCH, candles.length); k++) {
      rows.push([
        ...labels,
        candles.openTime[k],
        candles.open[k],
        candles.high[k],
        candles.low[k],
        candles.close[k],
        candles.volume[k],
        candles.quoteVolume[k],
        candles.buyVolume[k],
        candles.trades[k],
        candles.complete[k] === 1,
      ]);
    }
    yield rows;
  }
}
