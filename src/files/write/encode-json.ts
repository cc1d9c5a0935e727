import { type Cell, type CellType, plainNumber, presentCell, type Table } from './table.ts';

/** Encodes a table as one JSON array with one object per line, the names of the CSV, and plain decimals. */
export async function* encodeJson({ columns, batches }: Table): AsyncGenerator<string> {
  const keys = columns.map(({ name }) => JSON.stringify(name));
  let separator = '';
  yield '[';
  for await (const rows of batches) {
    let text = '';
    for (const row of rows) {
      text += `${separator}\n{${columns.map(({ type }, c) => `${keys[c]}:${jsonCell(row[c], type)}`).join(',')}}`;
      separator = ',';
    }
    if (text !== '') yield text;
  }
  yield separator === '' ? ']\n' : '\n]\n';
}

function jsonCell(value: Cell, type: CellType): string {
  const cell = presentCell(value, type);
  if (typeof cell === 'number') return type === 'time' ? JSON.stringify(new Date(cell).toISOString()) : plainNumber(cell);
  return JSON.stringify(cell);
}
