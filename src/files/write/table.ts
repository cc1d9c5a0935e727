import type { CandleColumns } from '../../market/candles/candle-columns.ts';

/** The type of a column's cells. Times are UTC epoch milliseconds in memory and ISO 8601 (Parquet: timestamps) in files. */
export type CellType = 'text' | 'number' | 'integer' | 'time' | 'boolean';

export interface TableColumn {
  /** Name in snake_case; the same in every format. */
  readonly name: string;
  readonly type: CellType;
}

/** One value; null and numbers that are not finite are written as null. */
export type Cell = string | number | boolean | null;

/** Rows of cells in the order of the columns, in batches that keep memory flat. */
export interface Table {
  readonly columns: readonly TableColumn[];
  readonly batches: AsyncIterable<readonly (readonly Cell[])[]>;
}

/** Creates columns from an object of names and types. */
export const columnsOf = (types: Readonly<Record<string, CellType>>): TableColumn[] =>
  Object.entries(types).map(([name, type]) => ({ name, type }));

/** A table whose rows are all in memory. */
export const tableOf = (columns: readonly TableColumn[], rows: readonly (readonly Cell[])[]): Table => ({
  columns,
  batches: (async function* () {
    yield rows;
  })(),
});

/** The output formats of tables. */
export const TABLE_FORMATS = ['csv', 'json', 'parquet'] as const;
export type TableFormat = (typeof TABLE_FORMATS)[number];

/** The latest time that a JavaScript date can hold, in milliseconds; times in quarantine may be later. */
const LAST_TIME = 8.64e15;

/** Returns the cell, or null for a number that is not valid in a column of this type. */
export function presentCell(cell: Cell, type: CellType): Cell {
  if (typeof cell !== 'number') return cell;
  return Number.isFinite(cell) && (type !== 'time' || Math.abs(cell) <= LAST_TIME) ? cell : null;
}

/** Writes a finite number in the fewest digits that keep its value, and without an exponent, which strict parsers do not read. */
export function plainNumber(value: number): string {
  const text = String(value);
  const exponentAt = text.indexOf('e');
  if (exponentAt < 0) return text;
  const sign = value < 0 ? '-' : '';
  const [whole, fraction = ''] = text.slice(sign.length, exponentAt).split('.');
  const exponent = Number(text.slice(exponentAt + 1));
  const digits = whole + fraction;
  const point = whole.length + exponent;
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  return sign + digits.padEnd(point, '0');
}

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

type CandleLabels = readonly [symbol: string, source: string, instrument: string, priceType: string, interval: string];

const BATCH = 4096;

/** The rows of candles in the order of `CANDLE_COLUMNS`, in batches. */
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
