import type { TickColumnNames } from '../contracts/catalogue.ts';
import { PredictLabError } from '../contracts/errors.ts';
import type { CandidateRow } from '../contracts/market-data.ts';
import type { MarketKind } from '../contracts/words.ts';
import { contentIdentity } from '../market/identity.ts';
import { CopyCounter } from './copy-counter.ts';
import { OutcomePolarity } from './outcome-polarity.ts';
import { parseNumber } from './parse-number.ts';
import { timeUnitOf } from './parse-time.ts';
import { readLines } from './read-lines.ts';
import { delimiterOf, splitFields } from './split-fields.ts';
import { findTickColumns } from './tick-columns.ts';
import { contentHash, type LineFormat, parseTickLine, type TickLine, toCandidate } from './tick-line.ts';

const SAMPLE = 200;
const DEFAULT_BATCH = 4096;

export interface TickFileOptions {
  /** Which column holds what. @default time, price and, where the file has them, size, side, outcome, trade_id */
  readonly columns?: Partial<TickColumnNames>;
  /** The outcome that prices are of. @default Yes, Up or 0 where the file has it, else the first name in the file */
  readonly firstOutcome?: string;
  /** Rows at most in a batch. @default 4096 */
  readonly batchSize?: number;
  readonly signal?: AbortSignal;
}

export interface TickFileBatch {
  /** In file order. */
  readonly rows: readonly CandidateRow[];
  /** Line number of each row in the file, from 1; the header is line 1. */
  readonly lines: readonly number[];
}

/** A tick file whose header has been read and found good. */
export interface TickFile {
  readonly path: string;
  /** Whether its rows are trades (it has a size column) or price points. Rows of its own `kind` column may differ. */
  readonly kind: 'trade' | 'price';
  /** Whether lines carry ids of their own: then a repeated id is the same trade, not another one. */
  readonly hasTradeIds: boolean;
  /** What its prices look like: probabilities, unless most of the first ones are above 1 and no outcomes are named. */
  readonly likelyMarket: MarketKind;
  /** The outcome names met so far, the priced one first; empty when the file has no outcome column. */
  readonly outcomes: readonly string[];
  /** Reads the file from the start, yielding the rows after line `afterLine`. */
  batches(afterLine?: number): AsyncGenerator<TickFileBatch>;
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
  const delimiter = delimiterOf(header);
  const names = splitFields(header, delimiter);
  if (names === null) throw new PredictLabError('BadInput', `${path}: the quotes of its header line do not close; mend line 1`);
  const columns = findTickColumns(path, names, options.columns);
  const sample = first.flatMap((line) => {
    const fields = splitFields(line, delimiter);
    return fields === null || fields.length < columns.width ? [] : [fields];
  });
  const format: LineFormat = { delimiter, columns, timeUnit: timeUnitOf(sample.map((fields) => fields[columns.time])) };
  const aboveOne = sample.filter((fields) => (parseNumber(fields[columns.price]) ?? 0) > 1).length;
  const newPolarity = (): OutcomePolarity | null =>
    columns.outcome < 0
      ? null
      : new OutcomePolarity(
          options.firstOutcome,
          sample.map((fields) => fields[columns.outcome]),
        );
  let polarity = newPolarity();
  return {
    path,
    kind: columns.size >= 0 ? 'trade' : 'price',
    hasTradeIds: columns.tradeId >= 0,
    likelyMarket: columns.outcome < 0 && aboveOne > sample.length / 2 ? 'asset' : 'probability',
    get outcomes() {
      return polarity?.outcomes ?? [];
    },
    batches(afterLine = 0) {
      polarity = newPolarity();
      return readBatches(path, format, polarity, afterLine, options);
    },
  };
}

async function firstLines(path: string, count: number, signal: AbortSignal | undefined): Promise<string[]> {
  const lines: string[] = [];
  for await (const chunk of readLines(path, signal)) {
    for (const line of chunk) if (line.trim() !== '') lines.push(line);
    if (lines.length >= count) break;
  }
  return lines.slice(0, count);
}

/** The lines after the header, with their numbers; blank ones are no rows. */
async function* readTickLines(
  path: string,
  format: LineFormat,
  signal: AbortSignal | undefined,
): AsyncGenerator<{ line: TickLine; number: number }[]> {
  let number = 0;
  let isHeaderRead = false;
  for await (const chunk of readLines(path, signal)) {
    const lines: { line: TickLine; number: number }[] = [];
    for (const raw of chunk) {
      number++;
      if (raw.trim() === '') continue;
      if (isHeaderRead) lines.push({ line: parseTickLine(raw, format), number });
      isHeaderRead = true;
    }
    yield lines;
  }
}

async function* readBatches(
  path: string,
  format: LineFormat,
  polarity: OutcomePolarity | null,
  afterLine: number,
  { batchSize = DEFAULT_BATCH, signal }: TickFileOptions,
): AsyncGenerator<TickFileBatch> {
  const counter = new CopyCounter();
  let rows: CandidateRow[] = [];
  let numbers: number[] = [];
  for await (const lines of readTickLines(path, format, signal)) {
    for (const { line, number } of lines) {
      const isCounted = hasContent(line);
      // the same bad line is one and the same however often it is met
      const hash = isCounted ? contentHash(line) : contentIdentity([line.raw]);
      let copy = isCounted ? counter.next(line.time as number, hash) : 0;
      if (copy === 'replay') {
        await replay(counter, path, format, number, signal);
        copy = counter.next(line.time as number, hash) as number;
      }
      const row = toCandidate(line, hash, copy, polarity);
      if (number <= afterLine) continue;
      rows.push(row);
      numbers.push(number);
      if (rows.length === batchSize) {
        yield { rows, lines: numbers };
        rows = [];
        numbers = [];
      }
    }
  }
  if (rows.length > 0) yield { rows, lines: numbers };
}

/** Whether a line is known by its content; one with an id of its own is known by that. */
const hasContent = (line: TickLine): boolean => line.defect === null && line.tradeId === null;

async function replay(
  counter: CopyCounter,
  path: string,
  format: LineFormat,
  before: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  for await (const lines of readTickLines(path, format, signal)) {
    for (const { line, number } of lines) {
      if (number >= before) return;
      if (hasContent(line)) counter.replay(contentHash(line));
    }
  }
}
