import type { TickColumnNames } from '../../contracts/catalogue.ts';
import { PredictLabError } from '../../contracts/errors.ts';
import type { CandidateRow } from '../../contracts/market-data.ts';
import type { MarketKind } from '../../contracts/words.ts';
import { OutcomePolarity } from '../parse/outcome-polarity.ts';
import { notationOf, parseNumber } from '../parse/parse-number.ts';
import { timeUnitOf } from '../parse/parse-time.ts';
import { delimiterOf, splitFields } from '../parse/split-fields.ts';
import { contentHash, type LineFormat, type NewRow, parseTickLine, toRow } from '../parse/tick-line.ts';
import { CopyCounter } from './copy-counter.ts';
import { readLines, refuseBinary } from './read-lines.ts';
import { findTickColumns } from './tick-columns.ts';

const SAMPLE = 200;
const DEFAULT_BATCH = 4096;

export interface TickFileOptions {
  /** The header names of the columns. @default time, price and, where the file has them, size, side, outcome, trade_id */
  readonly columns?: Partial<TickColumnNames>;
  /** The outcome whose probability is the price. @default Yes, Up or 0 where the file has it or only its counterpart, else the first name in the file */
  readonly firstOutcome?: string;
  /** Maximum number of rows in a batch. @default 4096 */
  readonly batchSize?: number;
  readonly signal?: AbortSignal;
}

export interface TickFileBatch {
  /** In file order. */
  readonly rows: readonly CandidateRow[];
  /** Line number of each row in the file, from 1; the header is line 1. */
  readonly lines: readonly number[];
}

/** A tick file whose header has been read and checked. */
export interface TickFile {
  readonly path: string;
  /** Whether its rows are trades (it has a size column) or price points. A `kind` column may say otherwise for single rows. */
  readonly kind: 'trade' | 'price';
  /** Whether lines have trade ids: a repeated id is then the same trade, not another one. */
  readonly hasTradeIds: boolean;
  /** Whether the file has no rows. */
  readonly isEmpty: boolean;
  /** The kind of market guessed from the prices: probability, unless most of the first ones are above 1 and no outcomes are named. */
  readonly likelyMarket: MarketKind;
  /** The outcome names read so far, the priced one first; empty when the file has no outcome column. */
  readonly outcomes: readonly string[];
  /**
   * Reads the file from the start, yielding the rows after line `afterLine`.
   *
   * @param options.identities false leaves `identity` empty, which is a third faster. @default true
   */
  batches(afterLine?: number, options?: { readonly identities?: boolean }): AsyncGenerator<TickFileBatch>;
}

/**
 * Opens a CSV of ticks (plain or gzip) and reads its header and first rows.
 *
 * @throws PredictLabError BadInput when the file cannot be read, is empty, or lacks a column
 * @example
 * const file = await openTickFile('trades.csv.gz', { columns: { time: 'Timestamp', price: 'Price' } });
 * for await (const { rows } of file.batches()) await stage(rows);
 */
export async function openTickFile(path: string, options: TickFileOptions = {}): Promise<TickFile> {
  const [header, ...first] = await firstLines(path, SAMPLE + 1, options.signal);
  if (header === undefined)
    throw new PredictLabError('BadInput', `${path} is empty; it needs a header line such as time,price,size and a line for each tick`);
  refuseBinary(path, header);
  const delimiter = delimiterOf(header);
  const names = splitFields(header, delimiter);
  if (names === null) throw new PredictLabError('BadInput', `${path}: a quote in its header is not closed; fix line 1`);
  const columns = findTickColumns(path, names, options.columns);
  const lines = first.map((line) => splitFields(line, delimiter));
  const sample = lines.filter((fields): fields is string[] => fields !== null && fields.length >= columns.width);
  const numbers = lines.flatMap((fields, index) =>
    fields === null || fields.length < columns.width
      ? []
      : [columns.price, columns.size].flatMap((column) => (column < 0 ? [] : [{ text: fields[column], line: index + 2 }])),
  );
  const notation = notationOf(path, delimiter, numbers);
  const isOwn = isOwnExport(names);
  const format: LineFormat = {
    delimiter,
    columns,
    timeUnit: timeUnitOf(sample.map((fields) => fields[columns.time])),
    notation,
    instrumentColumn: isOwn ? names.indexOf('instrument') : -1,
  };
  const aboveOne = sample.filter((fields) => (parseNumber(fields[columns.price], notation) ?? 0) > 1).length;
  const outcomeNames = columns.outcome < 0 ? [] : sample.map((fields) => fields[columns.outcome].trim()).filter((name) => name !== '');
  const newPolarity = (): OutcomePolarity | null =>
    isOwn || columns.outcome < 0 || (outcomeNames.length === 0 && options.firstOutcome === undefined)
      ? null
      : new OutcomePolarity(options.firstOutcome, outcomeNames);
  let polarity = newPolarity();
  return {
    path,
    kind: columns.size >= 0 ? 'trade' : 'price',
    hasTradeIds: columns.tradeId >= 0,
    isEmpty: first.length === 0,
    likelyMarket: outcomeNames.length === 0 && aboveOne > sample.length / 2 ? 'asset' : 'probability',
    get outcomes() {
      return polarity?.outcomes ?? [];
    },
    batches(afterLine = 0, { identities = true } = {}) {
      polarity = newPolarity();
      const { batchSize = DEFAULT_BATCH, signal } = options;
      const chunks = (): RowChunks => readRows(path, format, polarity, signal);
      return inBatches(identities ? identified(chunks) : chunks(), afterLine, batchSize);
    },
  };
}

/** Whether `export ticks` wrote the file: its prices are those of the first outcome already, whichever was traded. */
const isOwnExport = (names: readonly string[]): boolean => ['symbol', 'source', 'instrument', 'kind'].every((name, i) => names[i] === name);

async function firstLines(path: string, count: number, signal: AbortSignal | undefined): Promise<string[]> {
  const lines: string[] = [];
  for await (const chunk of readLines(path, signal)) {
    for (const line of chunk) if (line.trim() !== '') lines.push(line);
    if (lines.length >= count) break;
  }
  return lines.slice(0, count);
}

/** Rows with their line numbers, many at a time. */
type RowChunks = AsyncGenerator<{ row: NewRow; number: number }[]>;

/** The rows after the header; blank lines are skipped. */
async function* readRows(path: string, format: LineFormat, polarity: OutcomePolarity | null, signal: AbortSignal | undefined): RowChunks {
  let number = 0;
  let isHeaderRead = false;
  let instrument: string | null = null;
  for await (const chunk of readLines(path, signal)) {
    const rows: { row: NewRow; number: number }[] = [];
    for (const raw of chunk) {
      number++;
      if (raw.trim() === '') continue;
      if (isHeaderRead) {
        const line = parseTickLine(raw, format);
        instrument ??= line.instrument;
        if (line.instrument !== instrument && line.defect === null) throw severalInstruments(path, number, [instrument, line.instrument]);
        rows.push({ row: toRow(line, polarity), number });
      }
      isHeaderRead = true;
    }
    yield rows;
  }
}

const severalInstruments = (path: string, line: number, [first, other]: readonly (string | null)[]): PredictLabError =>
  new PredictLabError(
    'BadInput',
    `${path} line ${line}: a tick of ${other} among those of ${first}; split the file by its instrument column`,
  );

/** Sets each row's identity: its trade id, or its content and which copy of that content it is in the file. */
async function* identified(chunks: () => RowChunks): RowChunks {
  const counter = new CopyCounter();
  for await (const chunk of chunks()) {
    for (const { row, number } of chunk) {
      const hash = row.tradeId === null || row.defect !== null ? contentHash(row) : row.tradeId;
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

/** Whether copies of a row are separate trades: those of good rows without a trade id. */
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
