import { badInput } from '../../contracts/errors.ts';
import type { CandidateRow } from '../../contracts/market-data.ts';
import { type DuckDb, openDuckDb, sqlText, unreadableByDuckDb } from '../duckdb.ts';
import type { FileRecord } from '../parse/tick-line.ts';
import type { MarketReader, TickFile, TickFileBatch } from './read-tick-file.ts';
import { parquetRecord } from './records.ts';
import { columnOf } from './tick-format.ts';

/** Rows of one market from one file. A file whose rows are all stored already yields a batch without rows. */
export interface SourceBatch extends TickFileBatch {
  /** The market's name in the column given by `--by`; null if all files hold one market. */
  readonly market: string | null;
  readonly path: string;
  /** The market's outcome names read so far, the priced one first. */
  readonly outcomes: readonly string[];
}

/** Functions by which a source asks for facts about a market before it reads the market's rows. */
export interface SourceRequest {
  /** The outcome whose probability is a market's price; undefined if the rows decide which one it is. */
  readonly firstOutcomeOf: (market: string | null) => Promise<string | undefined>;
  /** Number of the last line of a file up to which a market's rows are stored already. */
  readonly storedUpTo: (market: string | null, path: string) => Promise<number>;
}

/** Files of ticks as one sequence, ordered by market, then by file, then by position in the file. */
export interface TickSource {
  readonly paths: readonly string[];
  /** Leaves out markets of which all rows are stored. Does nothing if all files hold one market. */
  leaveOut(markets: ReadonlySet<string>): Promise<void>;
  batches(request: SourceRequest): AsyncGenerator<SourceBatch>;
}

/** Combines files that all hold the same market. */
export const oneMarket = (files: readonly TickFile[]): TickSource => ({
  paths: files.map(({ path }) => path),
  leaveOut: async () => undefined,
  async *batches({ firstOutcomeOf, storedUpTo }) {
    let firstOutcome = await firstOutcomeOf(null);
    for (const file of files) {
      const part = { market: null, path: file.path };
      const afterLine = await storedUpTo(null, file.path);
      for await (const batch of file.batches(afterLine, { firstOutcome })) yield { ...batch, ...part, outcomes: file.outcomes };
      yield { rows: [], lines: [], ...part, outcomes: file.outcomes };
      firstOutcome ??= file.outcomes[0];
    }
  },
});

/** A source whose rows are sorted by market. The caller closes it. */
export interface SortedSource extends TickSource {
  /** Names of the markets, in the order of their first rows in the files. */
  readonly markets: readonly string[];
  close(): Promise<void>;
}

const BATCH = 20_000;
/** Number of a market's first rows from which the names of its outcomes are read. */
const SAMPLE = 200;

/**
 * Sorts the rows of files with many markets by the column that names the market, in memory that stays flat. A row without a market counts
 * as an unreadable row of the first market.
 * @throws PredictLabError BadInput when a file lacks the column, the column is empty, or Parquet files differ in their columns
 */
export async function sortedByMarket(files: readonly TickFile[], by: string): Promise<SortedSource> {
  const kinds = new Set(files.map(({ file }) => file.kind === 'parquet'));
  if (kinds.size > 1) throw badInput(`--by ${by}: Parquet and text files cannot be sorted together; import them one after the other`);
  const duckDb = await openDuckDb();
  try {
    const rows = kinds.has(true) ? parquetRows(files, by) : await appendLines(duckDb, files, by);
    await duckDb.run(`create table markets as select market, row_number() over (order by met) as rank
      from (select market, min(file * 1000000000000 + number) as met from (select market, file, number from ${rows}) where market <> '' group by 1)`);
    const markets: string[] = [];
    for await (const [column] of duckDb.chunks('select market from markets order by rank')) markets.push(...(column as string[]));
    if (markets.length === 0) throw badInput(`--by ${by}: the column is empty in every row; name the column of the market`);
    await duckDb.run(`insert into markets values ('', 1)`);
    return {
      paths: files.map(({ path }) => path),
      markets,
      async leaveOut(known) {
        const ranks = markets.flatMap((market, index) => (known.has(market) ? [index + 1] : []));
        for (let from = 0; from < ranks.length; from += BATCH)
          await duckDb.run(`delete from markets where rank in (${ranks.slice(from, from + BATCH).join(', ')})`);
      },
      batches: (request) => sortedBatches(duckDb, { files, markets, rows, request }),
      close: () => duckDb.close(),
    };
  } catch (error) {
    await duckDb.close();
    throw unsortable(files, error);
  }
}

/** The rows of Parquet files as an SQL subquery `(market, file, number, …fields)`. */
function parquetRows(files: readonly TickFile[], by: string): string {
  const [first] = files;
  const parts = files.map(({ file, path }, index) => {
    const missing = first.file.names.find((name) => !file.names.includes(name));
    if (missing !== undefined)
      throw badInput(`${path} has no column ${missing}, and ${first.path} has; import files of one schema together`);
    const market = file.texts?.[columnOf(path, file.names, by)];
    const fields = first.places.map((place) => file.texts?.[file.names.indexOf(first.file.names[place])]).join(', ');
    return `select coalesce(trim(${market}), '') as market, ${index} as file, file_row_number + 1 as number, ${fields}
      from read_parquet(${sqlText(path)}, file_row_number = true)`;
  });
  return `(${parts.join(' union all ')})`;
}

/** Copies the lines of text files into the table `lines (market, file, number, line)`, which DuckDB moves to disk if it is large. */
async function appendLines(duckDb: DuckDb, files: readonly TickFile[], by: string): Promise<string> {
  await duckDb.run('create table lines (market varchar, file integer, number bigint, line varchar)');
  const appender = await duckDb.append('lines');
  for (const [index, { file, path }] of files.entries()) {
    const column = columnOf(path, file.names, by);
    for await (const records of file.records()) {
      for (const { fields, number, raw } of records) {
        appender.appendVarchar(fields?.[column]?.trim() ?? '');
        appender.appendInteger(index);
        appender.appendBigInt(BigInt(number));
        appender.appendVarchar(raw);
        appender.endRow();
      }
      appender.flushSync();
    }
  }
  appender.closeSync();
  return 'lines';
}

interface SortedRows {
  readonly files: readonly TickFile[];
  readonly markets: readonly string[];
  readonly rows: string;
  readonly request: SourceRequest;
}

/** A row after sorting, with the rank of its market (from 1) and the index of its file. */
interface SortedRecord {
  readonly market: number;
  readonly file: number;
  readonly record: FileRecord;
}

async function* sortedBatches(duckDb: DuckDb, { files, markets, rows, request }: SortedRows): AsyncGenerator<SourceBatch> {
  let held: FileRecord[] = [];
  let reader: MarketReader | undefined;
  let firstOutcome: string | undefined;
  let [market, file] = [0, 0];
  const taken = async (): Promise<SourceBatch> => {
    const [records, name, { path }] = [held, markets[market - 1], files[file]];
    held = [];
    const stored = await request.storedUpTo(name, path);
    // stored rows are read too, because they name the outcomes and number equal rows
    reader ??= files[file].readerOf(records.slice(0, SAMPLE), firstOutcome ?? (await request.firstOutcomeOf(name)));
    const rows: CandidateRow[] = [];
    const lines: number[] = [];
    for (const record of records) {
      const row = reader.read(record);
      if (record.number <= stored) continue;
      rows.push(row);
      lines.push(record.number);
    }
    firstOutcome = reader.outcomes[0];
    return { market: name, path, rows, lines, outcomes: reader.outcomes };
  };
  for await (const chunk of sortedRecords(duckDb, files, rows)) {
    for (const next of chunk) {
      if (next.market !== market || next.file !== file) {
        if (held.length > 0) yield await taken();
        reader = undefined;
        if (next.market !== market) firstOutcome = undefined;
        [market, file] = [next.market, next.file];
      } else if (held.length === BATCH) yield await taken();
      held.push(next.record);
    }
  }
  if (held.length > 0) yield await taken();
}

async function* sortedRecords(duckDb: DuckDb, files: readonly TickFile[], rows: string): AsyncGenerator<SortedRecord[]> {
  const [{ file: first, places }] = files;
  const placesOf = files.map(({ file }) => places.map((place) => file.names.indexOf(first.names[place])));
  const sql = `select r.market = '' as is_torn, m.rank::integer, r.* exclude (market) from ${rows} r join markets m using (market) order by 2, 3, 4`;
  try {
    for await (const [torn, ranks, indices, numbers, ...fields] of duckDb.chunks(sql)) {
      yield ranks.map((market, row) => {
        const number = Number(numbers[row]);
        const file = Number(indices[row]);
        const line = fields[0][row] as string;
        const record =
          first.kind === 'parquet'
            ? parquetRecord(number, files[file].file.names, placesOf[file], (at) => fields[at][row] as string | null)
            : { number, raw: line, fields: files[file].file.fieldsOf(line) };
        return { market: Number(market), file, record: torn[row] === true ? { ...record, fields: null } : record };
      });
    }
  } catch (error) {
    throw unsortable(files, error);
  }
}

const unsortable = (files: readonly TickFile[], error: unknown): unknown =>
  unreadableByDuckDb(files.map(({ path }) => path).join(', '), error);
