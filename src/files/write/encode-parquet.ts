import { createReadStream } from 'node:fs';
import path from 'node:path';
import type { DuckDBAppender } from '@duckdb/node-api';
import { badInput, messageOf } from '../../contracts/errors.ts';
import { openDuckDb, sqlName, sqlText } from '../duckdb.ts';
import { type Cell, type CellType, presentCell, type Table, type TableColumn } from './table.ts';

/** SQL types of the table to which the rows are appended; times are whole milliseconds there. */
const SQL_TYPES: Readonly<Record<CellType, string>> = {
  text: 'varchar',
  number: 'double',
  integer: 'bigint',
  time: 'bigint',
  boolean: 'boolean',
};

/** SQL expression of a column in the Parquet file: times become UTC timestamps. */
const written = ({ name, type }: TableColumn): string =>
  type === 'time' ? `make_timestamptz(${sqlName(name)} * 1000) as ${sqlName(name)}` : sqlName(name);

/**
 * Encodes a table as Parquet (zstd), with the column names of the CSV; every column may hold nulls. Equal tables have equal bytes. DuckDB
 * holds the rows and moves them to disk when its memory is full.
 */
export async function* encodeParquet({ columns, batches }: Table): AsyncGenerator<Uint8Array> {
  const duckDb = await openDuckDb();
  try {
    // with several threads, the division into row groups could differ from one time to the next
    await duckDb.run('set threads = 1');
    await duckDb.run(`create table rows (${columns.map(({ name, type }) => `${sqlName(name)} ${SQL_TYPES[type]}`).join(', ')})`);
    const appender = await duckDb.append('rows');
    for await (const rows of batches) {
      for (const row of rows) {
        for (const [c, { type }] of columns.entries()) appendCell(appender, row[c], type);
        appender.endRow();
      }
    }
    const file = path.join(duckDb.folder, 'table.parquet');
    try {
      appender.closeSync();
      await duckDb.run(`copy (select ${columns.map(written).join(', ')} from rows) to ${sqlText(file)} (format parquet, compression zstd)`);
    } catch (error) {
      throw badInput(`Parquet cannot be written: ${messageOf(error).split('\n')[0]}; check the disk space for temporary files`, {
        cause: error,
      });
    }
    yield* createReadStream(file);
  } finally {
    await duckDb.close();
  }
}

function appendCell(appender: DuckDBAppender, value: Cell, type: CellType): void {
  const cell = presentCell(value, type);
  if (cell === null) appender.appendNull();
  else if (typeof cell === 'boolean') appender.appendBoolean(cell);
  else if (typeof cell === 'string') appender.appendVarchar(cell);
  else if (type === 'number') appender.appendDouble(cell);
  else appender.appendBigInt(BigInt(Math.trunc(cell)));
}
