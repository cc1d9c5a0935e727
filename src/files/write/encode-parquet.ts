import { ByteWriter, ParquetWriter, schemaFromColumnData } from 'hyparquet-writer';
import { type Cell, type CellType, presentCell, type Table } from './table.ts';

/** Rows in one row group, which is held in memory at once. */
const GROUP = 50_000;

const PARQUET_TYPES = { text: 'STRING', number: 'DOUBLE', integer: 'INT64', time: 'TIMESTAMP', boolean: 'BOOLEAN' } as const;

/** Encodes a table as Parquet (Snappy), with the column names of the CSV; every column may hold nulls. */
export async function* encodeParquet({ columns, batches }: Table): AsyncGenerator<Uint8Array> {
  const writer = new ByteWriter();
  // This function yields the bytes, not the library.
  writer.finish = () => undefined;
  const schema = schemaFromColumnData({
    columnData: columns.map(({ name, type }) => ({ name, data: [], type: PARQUET_TYPES[type], nullable: true })),
  });
  const parquet = new ParquetWriter({ writer, schema, createdBy: 'predictlab' });
  let group: (readonly Cell[])[] = [];
  const writeGroup = async (): Promise<Uint8Array> => {
    const columnData = columns.map(({ name, type }, c) => ({ name, data: group.map((row) => parquetCell(row[c], type)) }));
    await parquet.write({ columnData, rowGroupSize: GROUP });
    group = [];
    return taken(writer);
  };
  for await (const rows of batches) {
    for (const row of rows) {
      group.push(row);
      if (group.length === GROUP) yield await writeGroup();
    }
  }
  if (group.length > 0) yield await writeGroup();
  await parquet.finish();
  yield taken(writer);
}

/** Removes and returns the bytes in the writer, which keeps its offset in the file. */
function taken(writer: ByteWriter): Uint8Array {
  const bytes = new Uint8Array(writer.buffer, 0, writer.index).slice();
  writer.index = 0;
  return bytes;
}

function parquetCell(value: Cell, type: CellType): Cell | bigint | Date {
  const cell = presentCell(value, type);
  if (typeof cell !== 'number') return cell;
  if (type === 'time') return new Date(cell);
  return type === 'integer' ? BigInt(cell) : cell;
}
