import { badInput, type PredictLabError } from '../../contracts/errors.ts';
import type { CandidateRow } from '../../contracts/market-data.ts';
import type { MarketKind } from '../../contracts/words.ts';
import { contentHash, type FileRecord, type LineFormat, type NewRow, OutcomePolarity, parseTickLine, toRow } from '../parse/tick-line.ts';
import { ContentTable, CopyCounter } from './copy-counter.ts';
import { openRecords, type RecordFile } from './records.ts';
import { type FormatOptions, tickFormatOf } from './tick-format.ts';

const DEFAULT_BATCH = 4096;

export interface TickFileOptions extends FormatOptions {
  /** The outcome whose probability is the price. @default Yes, Up or 0 if the file has it or only its counterpart, else its first name */
  readonly firstOutcome?: string;
  readonly batchSize?: number;
}

export interface TickFileBatch {
  /** The rows in file order. */
  readonly rows: readonly CandidateRow[];
  /** Line number of each row in the file, from 1; the header is line 1. */
  readonly lines: readonly number[];
}

/** A tick file whose columns have been read and checked. */
export interface TickFile {
  readonly path: string;
  /** Whether the rows are trades (the file has a size column) or price points. A `kind` column may say otherwise for single rows. */
  readonly kind: 'trade' | 'price';
  /** Whether the file has a column of trade ids. Rows with the same id are then one trade. */
  readonly hasTradeIds: boolean;
  /** Whether the file has no rows. */
  readonly isEmpty: boolean;
  /** The kind of market guessed from the prices: probability, unless most of the first ones are above 1 and no outcomes are named. */
  readonly likelyMarket: MarketKind;
  /** The outcome names read so far, the priced one first; empty when the file has no outcome column. */
  readonly outcomes: readonly string[];
  /**
   * Reads the file from the start, yielding the rows after line `afterLine`.
   * @param options.firstOutcome the outcome whose probability is the price @default that of `openTickFile`
   * @param options.identities whether to compute `identity`; without it, reading is a third faster @default true
   */
  batches(
    afterLine?: number,
    options?: { readonly identities?: boolean; readonly firstOutcome?: string | undefined },
  ): AsyncGenerator<TickFileBatch>;
  /** The opened file; `places` are the indices of the columns that are read. */
  readonly file: RecordFile;
  readonly places: readonly number[];
  /** Creates a reader for the records of one market, in file order. @param first the market's first records, which name its outcomes */
  readerOf(first: readonly FileRecord[], firstOutcome: string | undefined): MarketReader;
}

/** Converts the records of one market to rows, for a file with several markets. */
export interface MarketReader {
  /** The outcome names read so far, the priced one first. */
  readonly outcomes: readonly string[];
  read(record: FileRecord): CandidateRow;
}

/**
 * Opens a file of ticks (CSV, NDJSON or Parquet) and reads its column names and first rows.
 *
 * @throws PredictLabError BadInput when the file cannot be read, is empty, or lacks a column
 * @example
 * const file = await openTickFile('trades.csv.gz', { columns: { time: 'Timestamp', price: 'Price' } });
 * for await (const { rows } of file.batches()) await stage(rows);
 */
export async function openTickFile(path: string, options: TickFileOptions = {}): Promise<TickFile> {
  const file = await openRecords(path, options.signal);
  const { format, places, isEmpty, isOwnExport, prices, outcomes } = await tickFormatOf(file, options);
  const { columns } = format;
  const polarityOf = (firstOutcome: string | undefined, sample: readonly string[]): OutcomePolarity | null =>
    isOwnExport || columns.outcome < 0 || (sample.length === 0 && firstOutcome === undefined)
      ? null
      : new OutcomePolarity(firstOutcome, sample);
  let polarity = polarityOf(options.firstOutcome, outcomes);
  return {
    path,
    file,
    places,
    kind: columns.size >= 0 ? 'trade' : 'price',
    hasTradeIds: columns.tradeId >= 0,
    isEmpty,
    get likelyMarket() {
      return likelyMarket(path, prices, { hasOutcomes: outcomes.length > 0 });
    },
    get outcomes() {
      return polarity?.outcomes ?? [];
    },
    batches(afterLine = 0, { identities = true, firstOutcome = options.firstOutcome } = {}) {
      polarity = polarityOf(firstOutcome, outcomes);
      const { batchSize = DEFAULT_BATCH, signal } = options;
      const chunks = (): RowChunks => readRows(file, { format, polarity, columns: places, signal });
      return inBatches(identities ? identified(chunks) : chunks(), afterLine, batchSize);
    },
    readerOf(records, firstOutcome) {
      const names = columns.outcome < 0 ? [] : records.map(({ fields }) => fields?.[columns.outcome]?.trim() ?? '');
      const polarity = polarityOf(
        firstOutcome,
        names.filter((name) => name !== ''),
      );
      const copies = new ContentTable(SMALL_TABLE);
      const toTick = tickReader(file, format, polarity);
      return {
        get outcomes() {
          return polarity?.outcomes ?? [];
        },
        read(record) {
          const row = toTick(record);
          const hash = hashOf(row);
          const copy = isCounted(row) ? copies.next(hash) : 0;
          row.identity = copy === 0 ? hash : `${hash}#${copy}`;
          return row;
        },
      };
    },
  };
}

/** Slots at the start of the table that counts equal rows of one market in a file with several; the table grows as needed. */
const SMALL_TABLE = 1 << 8;

type RowChunks = AsyncGenerator<{ row: NewRow; number: number }[]>;

interface RowsRead {
  readonly format: LineFormat;
  readonly polarity: OutcomePolarity | null;
  readonly columns: readonly number[];
  readonly signal: AbortSignal | undefined;
}

async function* readRows(file: RecordFile, { format, polarity, ...read }: RowsRead): RowChunks {
  const toTick = tickReader(file, format, polarity);
  for await (const records of file.records(read)) yield records.map((record) => ({ row: toTick(record), number: record.number }));
}

/** Returns a function that converts records to rows. It throws if the columns that name the market change from one record to another. */
function tickReader(file: RecordFile, format: LineFormat, polarity: OutcomePolarity | null): (record: FileRecord) => NewRow {
  let labels: readonly string[] | undefined;
  return (record) => {
    const line = parseTickLine(record, format);
    if (line.defect === null) {
      labels ??= line.labels;
      const other = line.labels.findIndex((label, i) => label !== labels?.[i]);
      if (other >= 0) throw severalMarkets(file, record.number, format.markets[other].name, [labels[other], line.labels[other]]);
    }
    return toRow(line, polarity);
  };
}

const severalMarkets = ({ path, kind }: RecordFile, line: number, column: string, [first, other]: readonly string[]): PredictLabError =>
  badInput(
    `${path}, ${kind === 'parquet' ? 'row' : 'line'} ${line}: the column ${column} names ${other}, and ${first} in the ${kind === 'parquet' ? 'rows' : 'lines'} before: a file of ticks holds one market; ` +
      `\`predictlab import ticks --by ${column}\` imports each market of it, or write one file per ${column}`,
  );

/** Sets each row's identity: its trade id, else a hash of its content; further rows with the same content get `#n`. */
async function* identified(chunks: () => RowChunks): RowChunks {
  const counter = new CopyCounter();
  for await (const chunk of chunks()) {
    for (const { row, number } of chunk) {
      const hash = hashOf(row);
      let copy = isCounted(row) ? counter.next(row.time as number, hash) : 0;
      if (copy === 'replay') {
        await replay(counter, chunks(), number);
        copy = counter.next(row.time as number, hash) as number;
      }
      row.identity = copy === 0 ? hash : `${hash}#${copy}`;
    }
    yield chunk;
  }
}

/** A row's identity before equal rows are numbered: its trade id, else a hash of its content. */
const hashOf = (row: NewRow): string => (row.tradeId === null || row.defect !== null ? contentHash(row) : row.tradeId);

/** Whether equal rows count as separate trades: only good rows without a trade id do. */
const isCounted = (row: NewRow): boolean => row.defect === null && row.tradeId === null;

async function replay(counter: CopyCounter, chunks: RowChunks, before: number): Promise<void> {
  for await (const chunk of chunks) {
    for (const { row, number } of chunk) {
      if (number >= before) return;
      if (isCounted(row)) counter.replay(contentHash(row));
    }
  }
}

async function* inBatches(chunks: RowChunks, afterLine: number, batchSize: number): AsyncGenerator<TickFileBatch> {
  let rows: CandidateRow[] = [];
  let lines: number[] = [];
  for await (const chunk of chunks) {
    for (const { row, number } of chunk) {
      if (number <= afterLine) continue;
      rows.push(row);
      lines.push(number);
      if (rows.length === batchSize) {
        yield { rows, lines };
        rows = [];
        lines = [];
      }
    }
  }
  if (rows.length > 0) yield { rows, lines };
}

/** Minimum number of prices needed to conclude that they may be cents. */
const MIN_CENTS = 8;

/**
 * The kind of market guessed from a file's first prices: probability, unless most of them are above 1 and no outcomes are named.
 * @throws PredictLabError BadInput when the prices may be cents of a probability as well as an asset's prices
 */
export function likelyMarket(file: string, prices: readonly number[], { hasOutcomes = false } = {}): MarketKind {
  const known = prices.filter((price) => Number.isFinite(price));
  const aboveOne = known.filter((price) => price > 1).length;
  if (aboveOne <= known.length / 2) return 'probability';
  const areCents = known.length >= MIN_CENTS && known.every((price) => price >= 0 && price <= 100 && Number.isInteger(price * 10));
  if (!areCents && !hasOutcomes) return 'asset';
  if (!areCents) return 'probability';
  const [least, most] = [Math.min(...known), Math.max(...known)];
  throw badInput(
    `${file}: prices from ${least} to ${most} may be cents of a probability or the prices of an asset; say which with --market asset, or write probabilities as 0.45, 45¢ or 45% (--price-unit cents reads plain numbers as cents)`,
  );
}
