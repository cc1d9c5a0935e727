import { type Cell, type CellType, plainNumber, presentCell, type Table } from './table.ts';

const NEEDS_QUOTES = /[",\r\n]/;

export interface CsvOptions {
  /** Whether texts that spreadsheets would read as formulas get an apostrophe in front. @default false */
  readonly safe?: boolean;
}

/** Encodes a table as CSV: a header of column names, LF line ends, empty fields for null, plain decimals, times in ISO 8601 UTC. */
export async function* encodeCsv({ columns, batches }: Table, { safe = false }: CsvOptions = {}): AsyncGenerator<string> {
  const csvCell = (value: Cell, type: CellType): string => {
    const cell = presentCell(value, type);
    if (cell === null) return '';
    if (typeof cell === 'number') return type === 'time' ? new Date(cell).toISOString() : plainNumber(cell);
    return typeof cell === 'string' ? quoted(safe ? withoutFormula(cell) : cell) : String(cell);
  };
  yield `${columns.map(({ name }) => quoted(name)).join(',')}\n`;
  const types = columns.map(({ type }) => type);
  for await (const rows of batches) {
    let text = '';
    for (const row of rows) {
      for (let c = 0; c < row.length; c++) text += c === 0 ? csvCell(row[c], types[c]) : `,${csvCell(row[c], types[c])}`;
      text += '\n';
    }
    if (text !== '') yield text;
  }
}

/** The start of a spreadsheet formula, also after spaces and in full-width characters. */
const FORMULA = /^\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]/;
const withoutFormula = (text: string): string => (FORMULA.test(text) ? `'${text}` : text);

const quoted = (text: string): string => (NEEDS_QUOTES.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
