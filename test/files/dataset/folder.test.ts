import { appendFile, type FileHandle, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { COVERAGE_COLUMNS } from '../../../src/files/dataset/dataset-coverage.ts';
import { MANIFEST, type Manifest, readManifest } from '../../../src/files/dataset/manifest.ts';
import { verifyFolder } from '../../../src/files/dataset/verify-folder.ts';
import { openFolder } from '../../../src/files/dataset/write-folder.ts';
import { CANDLE_COLUMNS, type Cell, columnsOf, type TableColumn } from '../../../src/files/write/table.ts';
import { scratchFolder } from '../scratch.ts';

const scratch = scratchFolder();
let folders = 0;
const hour = (at: number): number => Date.UTC(2026, 0, 1) + at * 3_600_000;
const RAIN = ['RAIN', 'file', 'file:rain'];
const tick = (at: number, price: number, size: number | null = 2): Cell[] => [
  ...RAIN,
  'trade',
  hour(at),
  price,
  size,
  size === null ? null : 'buy',
];
const candle = (at: number, prices: readonly number[], size: number, trades: number, complete: boolean): Cell[] => [
  ...RAIN,
  'trade',
  '1h',
  hour(at),
  ...prices,
  size,
  Number((size * 0.5).toFixed(3)),
  size,
  trades,
  complete,
];
const range = (from: number, to: number, ticks: number, evidence: string): Cell[] => [
  ...RAIN,
  'trade',
  hour(from),
  hour(to),
  ticks,
  evidence,
];

/** A data set of three ticks in two hours, of which the second hour is not over yet. */
const DATA = {
  ticks: [tick(0, 0.5), tick(0.5, 0.5), tick(1.5, 0.5)],
  candles: [candle(0, [0.5, 0.5, 0.5, 0.5], 4, 2, true), candle(1, [0.5, 0.5, 0.5, 0.5], 2, 1, false)],
  coverage: [range(-1, 0, 0, 'gap'), range(0, 1.75, 3, 'walked')],
  instruments: [['RAIN', 'file:rain']],
} as const satisfies Readonly<Record<string, readonly Cell[][]>>;
const COLUMNS: Readonly<Record<keyof typeof DATA, readonly TableColumn[]>> = {
  ticks: columnsOf({
    symbol: 'text',
    source: 'text',
    instrument: 'text',
    kind: 'text',
    time: 'time',
    price: 'number',
    size: 'number',
    side: 'text',
  }),
  candles: CANDLE_COLUMNS,
  coverage: COVERAGE_COLUMNS,
  instruments: columnsOf({ symbol: 'text', instrument: 'text' }),
};

/** Publishes a data set, parts of which may differ. @returns its folder */
async function publish(data: Partial<Record<keyof typeof DATA, readonly Cell[][]>> = {}, more: Partial<Manifest> = {}): Promise<string> {
  const folder = path.join(scratch.path, `set-${folders++}`);
  const writer = await openFolder(folder, { grow: false });
  const tables = Object.entries({ ...DATA, ...data }) as [keyof typeof DATA, Cell[][]][];
  const files = [];
  for (const [name, rows] of tables) {
    const table = {
      columns: COLUMNS[name],
      batches: (async function* () {
        yield rows.slice(0, 1);
        yield rows.slice(1);
      })(),
    };
    const part = await writer.write(`${name}/venue=file`, table, { name, format: 'parquet' });
    if (part !== undefined) files.push(part);
  }
  const types = Object.fromEntries(
    tables.map(([name]) => [name, Object.fromEntries(COLUMNS[name].map((column) => [column.name, column.type]))]),
  );
  await writer.commit({
    schema: 1,
    madeBy: 'a test',
    what: 'dataset',
    format: 'parquet',
    partitionBy: ['venue'],
    tables: types,
    files,
    asOf: new Date(hour(1.75)).toISOString(),
    intervals: ['1h'],
    ...more,
  });
  return folder;
}

async function checksOf(folder: string): Promise<Record<string, string>> {
  const passed: Record<string, string> = {};
  for await (const { check, detail } of verifyFolder(folder)) passed[check] = detail;
  return passed;
}

it('a new data set is not complete before its folder is synced to disk under its final name', async () => {
  const handle = await open(scratch.path, 'r');
  const parent = (await stat(scratch.path)).ino;
  const sync = vi.spyOn(Object.getPrototypeOf(handle) as FileHandle, 'sync').mockImplementation(async function (this: FileHandle) {
    if ((await this.stat()).ino === parent) throw Object.assign(new Error('EIO: i/o error, fsync'), { code: 'EIO' });
  });
  try {
    await expect(publish()).rejects.toThrow('EIO');
  } finally {
    sync.mockRestore();
    await handle.close();
  }
});

it('a new data set has every file and folder synced to disk', async () => {
  const handle = await open(scratch.path, 'r');
  const synced = new Set<number>();
  const sync = vi.spyOn(Object.getPrototypeOf(handle) as FileHandle, 'sync').mockImplementation(async function (this: FileHandle) {
    synced.add((await this.stat()).ino);
  });
  try {
    const folder = await publish();
    const entries = await readdir(folder, { recursive: true });
    expect(entries).toContain('ticks/venue=file/part-0001.parquet');
    for (const entry of ['', ...entries]) expect(synced, entry).toContain((await stat(path.join(folder, entry))).ino);
  } finally {
    sync.mockRestore();
    await handle.close();
  }
});

describe('a published data set', () => {
  it('passes every check, and states what it holds', async () => {
    const folder = await publish();
    expect(await checksOf(folder)).toEqual({
      manifest: 'dataset, schema 1, by a test, as of 2026-01-01T01:45:00.000Z',
      files: expect.stringMatching(/^4 files, 0\.0 MB/),
      rows: 'candles 2, coverage 2, instruments 1, ticks 3',
      order: '2 files sorted by instrument and time',
      candles: '2 candles, each equal to the one built from the ticks',
      coverage: '1 collected ranges and 1 gaps, with the stated ticks',
      instruments: '1 instruments, with the facts of every row',
    });
    expect((await readManifest(folder))?.files.map((file) => [file.path, file.rows])).toEqual([
      ['candles/venue=file/part-0001.parquet', 2],
      ['coverage/venue=file/part-0001.parquet', 2],
      ['instruments/venue=file/part-0001.parquet', 1],
      ['ticks/venue=file/part-0001.parquet', 3],
    ]);
  });

  it('may be empty, or have ticks without candles', async () => {
    expect(await checksOf(await publish({ ticks: [], candles: [], coverage: [], instruments: [] }))).toMatchObject({ rows: 'none' });
    expect(await checksOf(await publish({ candles: [] }, { intervals: [] }))).toMatchObject({
      candles: expect.stringMatching(/^0 candles/),
    });
  });

  it.each([
    [{ ticks: [DATA.ticks[1], DATA.ticks[0], DATA.ticks[2]] }, 'row 2 should be before the row above it'],
    [{ candles: [DATA.candles[0]] }, 'the 1h candle of file:rain (RAIN, trade) at 2026-01-01T01:00:00.000Z is missing'],
    [{ candles: [DATA.candles[1]] }, 'at 2026-01-01T00:00:00.000Z is missing; the 1h candle of file:rain'],
    [{ candles: [...DATA.candles, candle(2, [1, 1, 1, 1], 1, 1, false)] }, 'is in the data set, and no tick of it makes this candle'],
    [{ candles: [candle(0, [0.5, 0.6, 0.5, 0.5], 4, 2, true), DATA.candles[1]] }, 'has the high 0.6, and its ticks make 0.5'],
    [{ candles: [DATA.candles[0], candle(1, [0.5, 0.5, 0.5, 0.5], 2, 1, true)] }, 'has the complete true, and its ticks make false'],
    [{ coverage: [DATA.coverage[0], range(0, 1.75, 2, 'walked')] }, 'states 2 ticks, and there are 3'],
    [{ coverage: [range(-1, 0.5, 0, 'gap'), DATA.coverage[1]] }, 'coverage: '],
    [{ instruments: [['HAIL', 'file:rain']] }, 'file:rain of RAIN has rows, and instruments has no facts of it'],
  ])('that contradicts itself is found, with the first difference (%#)', async (data, message) => {
    await expect(checksOf(await publish(data))).rejects.toThrow(message);
  });

  it('whose files were changed is found, with the file', async () => {
    const part = 'ticks/venue=file/part-0001.parquet';
    const changed = async (change: (folder: string) => Promise<unknown>) => {
      const folder = await publish();
      await change(folder);
      return checksOf(folder);
    };
    const bytesOf = async (folder: string) => await readFile(path.join(folder, part));
    await expect(changed((folder) => rm(path.join(folder, part)))).rejects.toThrow(`${part} is missing`);
    await expect(changed((folder) => appendFile(path.join(folder, part), 'x'))).rejects.toThrow(
      /part-0001\.parquet has \d+ bytes, and the/,
    );
    const flip = async (folder: string) => writeFile(path.join(folder, part), (await bytesOf(folder)).fill(7, 9, 10));
    await expect(changed(flip)).rejects.toThrow(/part-0001\.parquet has the SHA-256 [0-9a-f]{64}, and the manifest states/);
    await expect(changed((folder) => writeFile(path.join(folder, 'more.txt'), ''))).rejects.toThrow('more.txt is not in the manifest');
    const edited = (edit: (manifest: Manifest) => unknown) =>
      changed(async (folder) => {
        const manifest = (await readManifest(folder)) as Manifest;
        await writeFile(path.join(folder, MANIFEST), JSON.stringify({ ...manifest, ...(edit(manifest) as object) }));
      });
    const files =
      (rows: number) =>
      ({ files }: Manifest) => ({ files: files.map((file) => (file.path === part ? { ...file, rows } : file)) });
    await expect(edited(files(4))).rejects.toThrow(`${part} has 3 rows, and the manifest states 4`);
    const columns = ({ tables }: Manifest) => ({ tables: { ...tables, ticks: { symbol: 'text' } } });
    await expect(edited(columns)).rejects.toThrow(/has the columns symbol text, .*, and the manifest states symbol text$/);
    await rm(path.join(await publish(), MANIFEST));
    await expect(checksOf(path.join(scratch.path, `set-${folders - 1}`))).rejects.toThrow(
      'has no manifest.json; name a folder that publish',
    );
  });
});

describe('a folder of data', () => {
  const tableOf = (...rows: readonly Cell[][]) => ({
    columns: COLUMNS.instruments,
    batches: (async function* () {
      if (rows.length > 0) yield rows;
    })(),
  });
  const one = () => tableOf(['RAIN', 'file:rain']);
  const options = { name: 'instruments', format: 'csv' } as const;
  const manifestOf = (files: Manifest['files']): Manifest => ({
    schema: 1,
    madeBy: 'a test',
    what: 'instruments',
    format: 'csv',
    partitionBy: [],
    tables: { instruments: { symbol: 'text', instrument: 'text' } },
    files,
  });

  it('gets further parts, each with the next number, which are seen once the manifest lists them', async () => {
    const folder = path.join(scratch.path, 'grows');
    const first = await openFolder(folder, { grow: true });
    expect(first.before).toBeUndefined();
    const part = await first.write('all', one(), options);
    await first.commit(manifestOf([part as never]));
    const next = await openFolder(folder, { grow: true });
    const two = await next.write('all', one(), options);
    expect([part?.path, two?.path]).toEqual(['all/part-0001.csv', 'all/part-0002.csv']);
    expect(await readdir(path.join(folder, 'all'))).toEqual(['part-0001.csv']);
    await next.commit(manifestOf([part as never, two as never]));
    expect(await checksOf(folder)).toMatchObject({ files: expect.stringMatching(/^2 files/) });
    // a part that an interrupted export has placed is removed
    await writeFile(path.join(folder, 'all', 'part-0003.csv'), 'x');
    await (await openFolder(folder, { grow: true })).abandon();
    expect((await readdir(path.join(folder, 'all'))).sort()).toEqual(['part-0001.csv', 'part-0002.csv']);
    expect(await readdir(folder)).toEqual(['all', MANIFEST]);
    await expect(openFolder(folder, { grow: false })).rejects.toThrow('has a data set already');
  });

  it('has no file for a table without rows, and is refused when it holds something else', async () => {
    const folder = path.join(scratch.path, 'none');
    const writer = await openFolder(folder, { grow: false });
    expect(await writer.write('all', tableOf(), options)).toBeUndefined();
    await writer.commit(manifestOf([]));
    expect((await readManifest(folder))?.files).toEqual([]);
    scratch.write('loose.txt', '');
    await expect(openFolder(scratch.path, { grow: false })).rejects.toThrow('is not empty and has no manifest.json');
  });
});
