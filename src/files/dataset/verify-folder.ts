import { stat } from 'node:fs/promises';
import path from 'node:path';
import { badInput, messageOf } from '../../contracts/errors.ts';
import type { Interval } from '../../contracts/words.ts';
import { type DuckDb, openDuckDb } from '../duckdb.ts';
import { CANDLE_COLUMNS, type Cell } from '../write/table.ts';
import { type CoverageRow, contradiction, seriesName } from './dataset-coverage.ts';
import { MANIFEST, type Manifest, readManifest } from './manifest.ts';
import { readFiles, rebuiltCandles } from './rebuild-candles.ts';
import { filesBelow, sha256Of } from './write-folder.ts';

/** Thrown when a data set differs from its manifest, or its tables contradict each other. */
export class DatasetDifference extends Error {
  override readonly name = 'DatasetDifference';
}

/** A check that a data set passed. */
export interface PassedCheck {
  readonly check: 'manifest' | 'files' | 'rows' | 'order' | 'candles' | 'coverage' | 'instruments';
  readonly detail: string;
}

/**
 * Checks a folder of `publish` or of a partitioned export without a database: the files' hashes, for Parquet also row counts and order. In
 * a published data set, the candles must follow from the ticks, and the coverage must agree with them.
 * @throws DatasetDifference at the first difference
 * @throws PredictLabError BadInput when the folder has no manifest
 */
export async function* verifyFolder(folder: string): AsyncGenerator<PassedCheck> {
  const manifest = await readManifest(folder).catch((error: unknown) => {
    throw new DatasetDifference(messageOf(error), { cause: error });
  });
  if (manifest === undefined) throw badInput(`${folder} has no ${MANIFEST}; name a folder that publish or export --partition-by wrote`);
  const { files, what, schema, madeBy, asOf, format } = manifest;
  yield { check: 'manifest', detail: `${what}, schema ${schema}, by ${madeBy}${asOf === undefined ? '' : `, as of ${asOf}`}` };
  yield { check: 'files', detail: await checkFiles(folder, manifest) };
  if (format !== 'parquet') return;
  const duckDb = await openDuckDb();
  try {
    yield { check: 'rows', detail: await checkRows(duckDb, folder, manifest) };
    const ordered = files.filter(({ table }) => table in ORDER);
    for (const { path: file, table } of ordered) await checkOrder(duckDb, folder, file, ORDER[table]);
    yield { check: 'order', detail: `${ordered.length} files sorted by instrument and time` };
    if (what !== 'dataset') return;
    const coverage = await coverageIn(duckDb, pathsOf(folder, manifest, 'coverage'));
    const counts = coverage.rows.map(() => 0);
    yield { check: 'candles', detail: await checkCandles(duckDb, folder, manifest, coverage.rows, counts) };
    yield { check: 'coverage', detail: checkCoverage(coverage, counts) };
    yield { check: 'instruments', detail: await checkInstruments(duckDb, folder, manifest) };
  } catch (error) {
    if (error instanceof DatasetDifference) throw error;
    throw new DatasetDifference(`${folder} cannot be read: ${messageOf(error).split('\n')[0]}`, { cause: error });
  } finally {
    await duckDb.close();
  }
}

/** Paths of a table's files. */
const pathsOf = (folder: string, { files }: Manifest, table: string): string[] =>
  files.filter((file) => file.table === table).map((file) => path.join(folder, file.path));

async function checkFiles(folder: string, { files }: Manifest): Promise<string> {
  let bytes = 0;
  for (const file of files) {
    const info = await stat(path.join(folder, file.path)).catch(() => undefined);
    if (info === undefined) throw new DatasetDifference(`${file.path} is missing`);
    if (info.size !== file.bytes) throw new DatasetDifference(`${file.path} has ${info.size} bytes, and the manifest states ${file.bytes}`);
    const found = await sha256Of(path.join(folder, file.path));
    if (found !== file.sha256) throw new DatasetDifference(`${file.path} has the SHA-256 ${found}, and the manifest states ${file.sha256}`);
    bytes += info.size;
  }
  const known = new Set([MANIFEST, ...files.map((file) => file.path)]);
  const more = (await filesBelow(folder)).find((file) => !known.has(file));
  if (more !== undefined) throw new DatasetDifference(`${more} is not in the manifest`);
  return `${files.length} files, ${(bytes / 1e6).toFixed(1)} MB, each with the stated SHA-256`;
}

const DUCKDB_TYPES: Readonly<Record<string, string>> = {
  VARCHAR: 'text',
  DOUBLE: 'number',
  BIGINT: 'integer',
  'TIMESTAMP WITH TIME ZONE': 'time',
  BOOLEAN: 'boolean',
};

async function checkRows(duckDb: DuckDb, folder: string, { files, tables }: Manifest): Promise<string> {
  const totals = new Map<string, number>();
  for (const { path: file, table, rows } of files) {
    const source = `(select * exclude (file_row_number) from ${readFiles([path.join(folder, file)])})`;
    const columns = (await rowsOf(duckDb, `describe select * from ${source}`)).map(
      ([name, type]) => `${name} ${DUCKDB_TYPES[String(type)] ?? type}`,
    );
    const stated = Object.entries(tables[table] ?? {}).map(([name, type]) => `${name} ${type}`);
    if (columns.join() !== stated.join())
      throw new DatasetDifference(`${file} has the columns ${columns.join(', ')}, and the manifest states ${stated.join(', ')}`);
    const [[found]] = await rowsOf(duckDb, `select count(*)::double from ${source}`);
    if (found !== rows) throw new DatasetDifference(`${file} has ${found} rows, and the manifest states ${rows}`);
    totals.set(table, (totals.get(table) ?? 0) + rows);
  }
  return [...totals].map(([table, rows]) => `${table} ${rows}`).join(', ') || 'none';
}

/** Columns by which each file of a table is sorted. */
const ORDER: Readonly<Record<string, readonly string[]>> = {
  ticks: ['instrument', 'symbol', 'time'],
  candles: ['instrument', 'symbol'],
  lake: ['instrument', 'time', 'seq'],
};

async function checkOrder(duckDb: DuckDb, folder: string, file: string, columns: readonly string[]): Promise<void> {
  const before = columns.map((column) => `lag(${column}) over (order by file_row_number)`).join(', ');
  const [found] = await rowsOf(
    duckDb,
    `select (number + 1)::double from (select file_row_number as number, row(${columns.join(', ')}) as here, row(${before}) as before
       from ${readFiles([path.join(folder, file)])}) where number > 0 and before > here order by 1 limit 1`,
  );
  if (found !== undefined)
    throw new DatasetDifference(`${file}: row ${found[0]} should be before the row above it; rows are sorted by ${columns.join(', ')}`);
}

interface Coverage {
  readonly rows: readonly CoverageRow[];
  readonly ticks: readonly number[];
}

/** The coverage in the files of a data set. */
async function coverageIn(duckDb: DuckDb, files: readonly string[]): Promise<Coverage> {
  if (files.length === 0) return { rows: [], ticks: [] };
  const found = await rowsOf(
    duckDb,
    `select symbol, source, instrument, kind, epoch_ms("from")::double, epoch_ms("to")::double, evidence, ticks::double from ${readFiles(files)}`,
  );
  const rows = found.map(([symbol, source, instrument, kind, from, to, evidence]) => ({
    symbol,
    source,
    instrument,
    kind,
    from,
    to,
    evidence,
  }));
  return { rows: rows as unknown as CoverageRow[], ticks: found.map((row) => row[7] as number) };
}

async function checkCandles(
  duckDb: DuckDb,
  folder: string,
  manifest: Manifest,
  coverage: readonly CoverageRow[],
  counts: number[],
): Promise<string> {
  let total = 0;
  const columns = CANDLE_COLUMNS.map(({ name, type }) =>
    type === 'time' ? `epoch_ms(${name})::double` : type === 'integer' ? `${name}::double` : name,
  ).join(', ');
  const venues = new Set(
    manifest.files
      .filter(({ table }) => table === 'ticks' || table === 'candles')
      .map(({ path: file }) => /venue=([^/]+)/.exec(file)?.[1] ?? ''),
  );
  for (const venue of [...venues].sort()) {
    const of = (table: string): string[] => pathsOf(folder, manifest, table).filter((file) => file.includes(`venue=${venue}${path.sep}`));
    const stored =
      of('candles').length === 0
        ? (async function* () {})()
        : rowsIn(duckDb, `select ${columns} from ${readFiles(of('candles'))} order by file_row_number`);
    const rebuild = {
      files: of('ticks'),
      intervals: (manifest.intervals ?? []) as Interval[],
      asOf: Date.parse(manifest.asOf ?? ''),
      coverage,
      counts,
    };
    const other = await openDuckDb();
    try {
      for await (const batch of rebuiltCandles(other, rebuild)) {
        for (const candle of batch) {
          const { value } = await stored.next();
          total++;
          checkCandle(candle, value ?? undefined);
        }
      }
      const { value } = await stored.next();
      if (value) throw new DatasetDifference(`${candleName(value)} is in the data set, and no tick of it makes this candle`);
    } finally {
      await other.close();
    }
  }
  return `${total} candles, each equal to the one built from the ticks`;
}

const candleName = (cells: readonly Cell[]): string =>
  `the ${String(cells[4])} candle of ${String(cells[2])} (${String(cells[0])}, ${String(cells[3])}) at ${new Date(cells[5] as number).toISOString()}`;

function checkCandle(built: readonly Cell[], stored: readonly Cell[] | undefined): void {
  if (stored === undefined) throw new DatasetDifference(`${candleName(built)} is missing`);
  for (const [c, { name }] of CANDLE_COLUMNS.entries()) {
    const expected = typeof built[c] === 'number' && Number.isNaN(built[c]) ? null : built[c];
    if (!Object.is(expected, stored[c])) {
      if (c < 6) throw new DatasetDifference(`${candleName(built)} is missing; ${candleName(stored)} is in its place`);
      throw new DatasetDifference(`${candleName(built)} has the ${name} ${String(stored[c])}, and its ticks make ${String(expected)}`);
    }
  }
}

function checkCoverage({ rows, ticks }: Coverage, counts: readonly number[]): string {
  const wrong = contradiction(rows);
  if (wrong !== undefined) throw new DatasetDifference(`coverage: ${wrong}`);
  for (const [i, row] of rows.entries())
    if (counts[i] !== ticks[i])
      throw new DatasetDifference(
        `coverage: ${seriesName(row)} from ${new Date(row.from).toISOString()} states ${ticks[i]} ticks, and there are ${counts[i]}`,
      );
  const gaps = rows.filter(({ evidence }) => evidence === 'gap').length;
  return `${rows.length - gaps} collected ranges and ${gaps} gaps, with the stated ticks`;
}

async function checkInstruments(duckDb: DuckDb, folder: string, manifest: Manifest): Promise<string> {
  const known = pathsOf(folder, manifest, 'instruments');
  const used = ['ticks', 'coverage', 'quarantine'].flatMap((table) =>
    pathsOf(folder, manifest, table).map((file) => `select symbol, instrument from ${readFiles([file])}`),
  );
  const instruments =
    known.length === 0
      ? `select null::varchar as symbol, null::varchar as instrument where false`
      : `select symbol, instrument from ${readFiles(known)}`;
  const [missing] =
    used.length === 0
      ? []
      : await rowsOf(duckDb, `select * from (${used.join(' union all ')}) except select * from (${instruments}) order by all limit 1`);
  if (missing !== undefined) throw new DatasetDifference(`${missing[1]} of ${missing[0]} has rows, and instruments has no facts of it`);
  const [[count]] = await rowsOf(duckDb, `select count(*)::double from (${instruments})`);
  return `${count} instruments, with the facts of every row`;
}

/** A value in a row of a query's result. Null and booleans also occur, but only where values are compared. */
type SqlCell = string | number;

async function* rowsIn(duckDb: DuckDb, sql: string): AsyncGenerator<SqlCell[], undefined> {
  for await (const columns of duckDb.chunks(sql)) for (const i of columns[0].keys()) yield columns.map((column) => column[i] as SqlCell);
  return undefined;
}

async function rowsOf(duckDb: DuckDb, sql: string): Promise<SqlCell[][]> {
  const rows: SqlCell[][] = [];
  for await (const row of rowsIn(duckDb, sql)) rows.push(row);
  return rows;
}
