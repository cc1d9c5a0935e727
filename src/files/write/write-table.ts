import path from 'node:path';
import { type CsvOptions, encodeCsv } from './encode-csv.ts';
import { encodeJson } from './encode-json.ts';
import { removeLeftovers } from './partial-file.ts';
import type { Table, TableFormat } from './table.ts';
import { writeFileAtomically, writeToStandardOutput } from './write-output.ts';

/**
 * Writes a table in one of the formats, streamed, to a file (atomically) or to standard output.
 *
 * @param out the file; standard output when absent
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
  // loaded only when needed
  const { encodeParquet } = await import('./encode-parquet.ts');
  return encodeParquet(table);
}
