import type { CandleColumns } from '../../market/candles/candle-columns.ts';
import type { Cell, TableColumn } from './table.ts';

/** The columns of candles in every format and command. */
export const CANDLE_COLUMNS: readonly TableColumn[] = [
  { name: 'symbol', type: 'text' },
  { name: 'source', type: 'text' },
  { name: 'instrument', type: 'text' },
  { name: 'price_type', type: 'text' },
  { name: 'interval', type: 'text' },
  { name: 'open_time', type: 'time' },
  { name: 'open', type: 'number' },
  { name: 'high', type: 'number' },
  { name: 'low', type: 'number' },
  { name: 'close', type: 'number' },
  { name: 'volume', type: 'number' },
  { name: 'quote_volume', type: 'number' },
  { name: 'buy_volume', type: 'number' },
  { name: 'trades', type: 'integer' },
  { name: 'complete', type: 'boolean' },
];

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
