/** How the cells of a column are written: times are UTC epoch milliseconds in memory and ISO 8601 (Parquet: timestamps) outside. */
export type CellType = 'text' | 'number' | 'integer' | 'time' | 'boolean';

export interface TableColumn {
  /** snake_case; the same in every format. */
  readonly name: string;
  readonly type: CellType;
}

/** One value; null and numbers that are not finite are written as "none". */
export type Cell = string | number | boolean | null;

/** Rows of cells in the order of the columns, in batches, so that any number of them passes through little memory. */
export interface Table {
  readonly columns: readonly TableColumn[];
  readonly batches: AsyncIterable<readonly (readonly Cell[])[]>;
}

/** The formats that tables are written in. */
export const TABLE_FORMATS = ['csv', 'json', 'parquet'] as const;
export type TableFormat = (typeof TABLE_FORMATS)[number];

/** The last millisecond that a date can say; times in quarantine may be any number. */
const LAST_TIME = 8.64e15;

/** A cell, or null where its number means nothing in a column of this type. */
export function presentCell(cell: Cell, type: CellType): Cell {
  if (typeof cell !== 'number') return cell;
  return Number.isFinite(cell) && (type !== 'time' || Math.abs(cell) <= LAST_TIME) ? cell : null;
}
