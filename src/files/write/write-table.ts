import path from 'node:path';
import { type Cell, type CellType, plainNumber, presentCell, type Table, type TableFormat } from './table.ts';
import { removeLeftovers, writeFileAtomically, writeToStandardOutput } from './write-output.ts';

/**
 * Streams a table in one of the formats to a file (written atomically) or to standard output.
 * @param out the file @default standard output
 */
export async function writeTable(table: Table, format: TableFormat, out?: string, csv: CsvOptions = {}): Promise<void> {
  const chunks = await encode(table, format, csv);
  if (out === undefined) await writeToStandardOutput(chunks);
  else {
    await removeLeftovers(path.dirname(path.resolve(out)));
    await writeFileAtomically(out, chunks);
  }
}

async function encode(table: Table, format: TableFormat, csv: CsvOptions): Promise<AsyncIterable<string | Uint8Array>> {
  if (format === 'csv') return encodeCsv(table, csv);
  if (format === 'json') return encodeJson(table);
  // Loaded here, because only Parquet needs DuckDB.
  const { encodeParquet } = await import('./encode-parquet.ts');
  return encodeParquet(table);
}

const NEEDS_QUOTES = /[",\r\n]/;

interface CsvOptions {
  /** Whether an apostrophe is put before texts that spreadsheets would read as formulas. @default false */
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
  // The header is written with the first rows, so that a table that fails before them writes nothing.
  let header = `${columns.map(({ name }) => quoted(name)).join(',')}\n`;
  const types = columns.map(({ type }) => type);
  for await (const rows of batches) {
    let text = '';
    for (const row of rows) {
      for (let c = 0; c < row.length; c++) text += c === 0 ? csvCell(row[c], types[c]) : `,${csvCell(row[c], types[c])}`;
      text += '\n';
    }
    if (text === '') continue;
    yield header + text;
    header = '';
  }
  if (header !== '') yield header;
}

/** Matches texts that a spreadsheet may read as a formula, also after blanks and in full-width characters. */
const FORMULA = /^\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]/;
const withoutFormula = (text: string): string => (FORMULA.test(text) ? `'${text}` : text);

const quoted = (text: string): string => (NEEDS_QUOTES.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** Encodes a table as one JSON array with one object per line. Names are those of the CSV; numbers have no exponents. */
async function* encodeJson({ columns, batches }: Table): AsyncGenerator<string> {
  const keys = columns.map(({ name }) => JSON.stringify(name));
  let separator = '[';
  for await (const rows of batches) {
    let text = '';
    for (const row of rows) {
      text += `${separator}\n{${columns.map(({ type }, c) => `${keys[c]}:${jsonCell(row[c], type)}`).join(',')}}`;
      separator = ',';
    }
    if (text !== '') yield text;
  }
  yield separator === '[' ? '[]\n' : '\n]\n';
}

function jsonCell(value: Cell, type: CellType): string {
  const cell = presentCell(value, type);
  if (typeof cell === 'number') return type === 'time' ? JSON.stringify(new Date(cell).toISOString()) : plainNumber(cell);
  return JSON.stringify(cell);
}
