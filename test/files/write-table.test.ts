import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { Cell, Table } from '../../src/files/write/table.ts';
import { writeFileAtomically, writeToStandardOutput } from '../../src/files/write/write-output.ts';
import { writeTable } from '../../src/files/write/write-table.ts';
import { readParquet } from '../support/read-parquet.ts';
import { scratchFolder } from './scratch.ts';

const folder = scratchFolder();
const AT = Date.UTC(2026, 0, 1, 12, 30, 0, 5);

const table = (batches: Cell[][][]): Table => ({
  columns: [
    { name: 'symbol', type: 'text' },
    { name: 'open_time', type: 'time' },
    { name: 'volume', type: 'number' },
    { name: 'trades', type: 'integer' },
    { name: 'complete', type: 'boolean' },
  ],
  batches: (async function* () {
    yield* batches;
  })(),
});
const rows = (): Cell[][][] => [
  [['A, "quoted"', AT, 1e-7, 3, true]],
  [
    ['B', null, Number.NaN, null, false],
    ['C', 9e15, 0.1, 0, null],
  ],
  [],
];

async function written(format: 'csv' | 'json' | 'parquet', batches = rows()): Promise<string> {
  const file = join(folder.path, `out.${format}`);
  await writeTable(table(batches), format, file);
  return file;
}

describe('a table', () => {
  it('is written to CSV with a header, plain decimals, ISO times and empty fields for null', async () => {
    expect(readFileSync(await written('csv'), 'utf8')).toBe(
      'symbol,open_time,volume,trades,complete\n"A, ""quoted""",2026-01-01T12:30:00.005Z,0.0000001,3,true\nB,,,,false\nC,,0.1,0,\n',
    );
  });

  it('is written to JSON as one array with the same names and plain decimals', async () => {
    const text = readFileSync(await written('json'), 'utf8');
    expect(text).toContain('"volume":0.0000001');
    expect(JSON.parse(text)).toEqual([
      { symbol: 'A, "quoted"', open_time: '2026-01-01T12:30:00.005Z', volume: 1e-7, trades: 3, complete: true },
      { symbol: 'B', open_time: null, volume: null, trades: null, complete: false },
      { symbol: 'C', open_time: null, volume: 0.1, trades: 0, complete: null },
    ]);
  });

  it('is written to Parquet with the same names and typed values', async () => {
    expect(await readParquet(await written('parquet'))).toEqual([
      { symbol: 'A, "quoted"', open_time: '2026-01-01 12:30:00.005+00', volume: 1e-7, trades: 3, complete: true },
      { symbol: 'B', open_time: null, volume: null, trades: null, complete: false },
      { symbol: 'C', open_time: null, volume: 0.1, trades: 0, complete: null },
    ]);
  });

  it('without rows becomes a header, an empty array or a Parquet file without rows', async () => {
    expect(readFileSync(await written('csv', []), 'utf8')).toBe('symbol,open_time,volume,trades,complete\n');
    expect(JSON.parse(readFileSync(await written('json', []), 'utf8'))).toEqual([]);
    expect(await readParquet(await written('parquet', []))).toEqual([]);
  });

  it('with more rows than one Parquet row group reads back completely, and has the same bytes each time', async () => {
    const many = Array.from({ length: 130 }, (_, b) =>
      Array.from({ length: 1000 }, (_, i): Cell[] => [`s${b}`, AT + i, i / 10, i, i % 2 === 0]),
    );
    const first = readFileSync(await written('parquet', many));
    const file = await written('parquet', many);
    expect(readFileSync(file).equals(first)).toBe(true);
    const read = await readParquet(file);
    expect(read).toHaveLength(130_000);
    expect(read[129_999]).toEqual({ symbol: 's129', open_time: '2026-01-01 12:30:01.004+00', volume: 99.9, trades: 999, complete: false });
  });
});

describe('a table file', () => {
  it('keeps its old content when writing fails, and leaves no other file behind', async () => {
    const file = join(folder.path, 'kept.csv');
    writeFileSync(file, 'before');
    const broken = (async function* () {
      yield 'half';
      throw new Error('the database went away');
    })();
    await expect(writeFileAtomically(file, broken)).rejects.toThrow('the database went away');
    expect(readFileSync(file, 'utf8')).toBe('before');
    expect(readdirSync(folder.path).filter((name) => name.includes('partial'))).toEqual([]);
  });

  it('does not exist before it is complete', async () => {
    const file = join(folder.path, 'new.csv');
    let seen: boolean | undefined;
    const chunks = (async function* () {
      yield 'one';
      seen = existsSync(file);
      yield 'two';
    })();
    expect(await writeFileAtomically(file, chunks)).toBe(6);
    expect(seen).toBe(false);
    expect(readFileSync(file, 'utf8')).toBe('onetwo');
  });

  it('in a missing folder is refused', async () => {
    const chunks = (async function* () {
      yield '';
    })();
    await expect(writeFileAtomically(join(folder.path, 'none', 'x.csv'), chunks)).rejects.toMatchObject({
      type: 'BadInput',
      message: expect.stringMatching(/cannot be written/),
    });
  });
});

describe('standard output', () => {
  it('is written no faster than it is read', async () => {
    const waiting: (() => void)[] = [];
    const slow = new Writable({ highWaterMark: 1, write: (_chunk, _encoding, done) => void waiting.push(done) });
    let given = 0;
    const chunks = (async function* () {
      for (; given < 5; given++) yield 'chunk';
    })();
    const done = writeToStandardOutput(chunks, slow);
    await new Promise((resolve) => setImmediate(resolve));
    expect(given).toBe(0);
    const pump = setInterval(() => waiting.shift()?.(), 0);
    await done;
    clearInterval(pump);
    expect(given).toBe(5);
  });

  it('ends without an error when its reader closes it early', async () => {
    const closed = new Writable({ write: (_chunk, _encoding, done) => done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })) });
    const chunks = (async function* () {
      for (let i = 0; i < 1000; i++) yield 'x'.repeat(10_000);
    })();
    await expect(writeToStandardOutput(chunks, closed)).resolves.toBeUndefined();
  });
});
