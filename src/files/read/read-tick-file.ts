import { badInput, type PredictLabError } from '../../contracts/errors.ts';
import type { CandidateRow } from '../../contracts/market-data.ts';
import type { MarketKind } from '../../contracts/words.ts';
import { splitFields } from '../parse/split-fields.ts';
import { contentHash, type LineFormat, type NewRow, type OnlyMarket, OutcomePolarity, parseTickLine, toRow } from '../parse/tick-line.ts';
import { CopyCounter } from './copy-counter.ts';
import { readLines } from './read-lines.ts';
import { type FormatOptions, tickFormatOf } from './tick-format.ts';

const DEFAULT_BATCH = 4096;

export interface TickFileOptions extends FormatOptions {
  /**
   * The outcome whose probability is the price.
   * @default Yes, Up or 0 where the file has it or only its counterpart, else the first name in the file
   */
  readonly firstOutcome?: string;
  readonly batchSize?: number;
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
   * @param options.identities false leaves `identity` empty, which is a third faster @default true
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
  const { format, isEmpty, isOwnExport, prices, outcomes } = await tickFormatOf(path, options);
  const { columns } = format;
  const newPolarity = (): OutcomePolarity | null =>
    isOwnExport || columns.outcome < 0 || (outcomes.length === 0 && options.firstOutcome === undefined)
      ? null
      : new OutcomePolarity(options.firstOutcome, outcomes);
  let polarity = newPolarity();
  return {
    path,
    kind: columns.size >= 0 ? 'trade' : 'price',
    hasTradeIds: columns.tradeId >= 0,
    isEmpty,
    get likelyMarket() {
      return likelyMarket(path, prices, { hasOutcomes: outcomes.length > 0 });
    },
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

type RowChunks = AsyncGenerator<{ row: NewRow; number: number }[]>;

/** The rows after the header; blank lines are skipped. */
async function* readRows(path: string, format: LineFormat, polarity: OutcomePolarity | null, signal: AbortSignal | undefined): RowChunks {
  let number = 0;
  let isHeaderRead = false;
  let labels: readonly string[] | undefined;
  const { only } = format;
  for await (const chunk of readLines(path, signal)) {
    const rows: { row: NewRow; number: number }[] = [];
    for (const raw of chunk) {
      number++;
      if (raw.trim() === '') continue;
      if (isHeaderRead) {
        if (only !== undefined && !isOf(raw, format, only)) continue;
        const line = parseTickLine(raw, format);
        if (line.labels.length > 0 && line.defect === null) {
          labels ??= line.labels;
          const other = line.labels.findIndex((label, i) => label !== labels?.[i]);
          if (other >= 0) throw severalMarkets(path, number, format.markets[other].name, [labels[other], line.labels[other]]);
        }
        rows.push({ row: toRow(line, polarity), number });
      }
      isHeaderRead = true;
    }
    yield rows;
  }
}

/** Whether a line belongs to the market that is read. */
function isOf(raw: string, { delimiter }: LineFormat, { column, value, hasTornLines }: OnlyMarket): boolean {
  if (!raw.includes(value) && !hasTornLines) return false;
  const field = splitFields(raw, delimiter)?.[column]?.trim() ?? '';
  return field === value || (field === '' && hasTornLines);
}

const severalMarkets = (path: string, line: number, column: string, [first, other]: readonly string[]): PredictLabError =>
  badInput(
    `${path}, line ${line}: the column ${column} names ${other}, and ${first} in the lines before: a file of ticks holds one market; ` +
      `\`predictlab import ticks --by ${column}\` imports each market of it, or write one file per ${column}`,
  );

/** Sets each row's identity: its trade id, or its content and the number of the copy of that content in the file. */
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

/** Minimum number of prices that shows whether prices are in cents. */
const LEAST_CENTS = 8;

/**
 * The kind of market guessed from a file's first prices: probability, unless most of them are above 1 and no outcomes are named.
 * @throws PredictLabError BadInput when the prices may be cents of a probability as well as an asset's prices
 */
export function likelyMarket(file: string, prices: readonly number[], { hasOutcomes = false } = {}): MarketKind {
  const known = prices.filter((price) => Number.isFinite(price));
  const aboveOne = known.filter((price) => price > 1).length;
  if (aboveOne <= known.length / 2) return 'probability';
  const areCents = known.length >= LEAST_CENTS && known.every((price) => price >= 0 && price <= 100 && Number.isInteger(price * 10));
  if (!areCents && !hasOutcomes) return 'asset';
  if (!areCents) return 'probability';
  const [least, most] = [Math.min(...known), Math.max(...known)];
  throw badInput(
    `${file}: prices from ${least} to ${most} may be cents of a probability or the prices of an asset; say which with --market asset, or write probabilities as 0.45, 45¢ or 45% (--price-unit cents reads plain numbers as cents)`,
  );
}
