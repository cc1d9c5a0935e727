import { statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { type CatalogueEntry, emptyEntry, type TickColumnNames } from '../contracts/catalogue.ts';
import { badInput, messageOf } from '../contracts/errors.ts';
import { DAY_MS } from '../contracts/words.ts';
import { delimiterOf, splitFields } from '../files/parse/split-fields.ts';
import { readLines } from '../files/read/read-lines.ts';
import { openTickFile, type TickFile } from '../files/read/read-tick-file.ts';
import type { FileSelector } from '../sources/file/file-source.ts';

const CSV = /\.csv(\.gz)?$/i;
const HOUR_MS = 3_600_000;
/** Earliest plausible time of a tick, before which no such market existed. */
const EARLIEST_MS = Date.UTC(2000);

interface DemoData {
  readonly entries: readonly CatalogueEntry[];
  /** End of the window that contains every tick, UTC epoch milliseconds; `daysBack` is its length in days. */
  readonly asOf: number;
  readonly daysBack: number;
}

/**
 * Makes a catalogue from a folder of tick files, one symbol per file, and finds the window that contains the ticks. Logs files that it
 * skips.
 * @param options.columns columns of every file @default guessed from each file's header
 * @throws PredictLabError BadInput when there is no such folder, or no file of ticks in it
 */
export async function readDemoData(options: {
  folder: string;
  columns?: Partial<TickColumnNames>;
  firstOutcome?: string;
  now: number;
  skip: (message: string) => void;
}): Promise<DemoData> {
  const { folder, now, skip } = options;
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw badInput(`there is no folder ${folder}; give one with CSV files of ticks`);
  const files = (await readdir(folder)).filter((name) => CSV.test(name)).sort();
  const selectors = new Map<string, FileSelector[]>();
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  for (const name of files) {
    const file = path.resolve(folder, name);
    try {
      const columns = options.columns ?? guessColumns(await readHeader(file));
      const range = await timeRangeOf(await openTickFile(file, { columns }), now);
      if (range === undefined) throw new Error('it has no row with a time');
      first = Math.min(first, range.first);
      last = Math.max(last, range.last);
      const selector = { path: file, columns, ...(options.firstOutcome === undefined ? {} : { firstOutcome: options.firstOutcome }) };
      const symbol = symbolOf(name);
      selectors.set(symbol, [...(selectors.get(symbol) ?? []), selector]);
    } catch (error) {
      skip(`skipping ${name}: ${messageOf(error)}`);
    }
  }
  if (selectors.size === 0) {
    throw badInput(`${folder} has no CSV of ticks (${files.length} CSV files checked); each needs a time and a price, see --columns`);
  }
  const entries = [...selectors].map(([symbol, file]) => ({ ...emptyEntry(symbol), title: titleOf(symbol), sources: { file } }));
  // The window ends with the hour of the last tick, so that the candle of that hour is complete.
  const asOf = Math.min(now, (Math.floor(last / HOUR_MS) + 1) * HOUR_MS);
  return { entries, asOf, daysBack: Math.max(1, Math.ceil((asOf - first) / DAY_MS)) };
}

async function readHeader(file: string): Promise<readonly string[]> {
  for await (const [header] of readLines(file)) return header === undefined ? [] : (splitFields(header, delimiterOf(header)) ?? []);
  return [];
}

async function timeRangeOf(file: TickFile, now: number): Promise<{ first: number; last: number } | undefined> {
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  for await (const { rows } of file.batches()) {
    for (const { time } of rows) {
      if (time === null || !(time >= EARLIEST_MS && time <= now)) continue;
      if (time < first) first = time;
      if (time > last) last = time;
    }
  }
  return first <= last ? { first, last } : undefined;
}

/** The symbol for a file: `us_senate_overall.csv` → `US_SENATE_OVERALL`. */
const symbolOf = (name: string): string =>
  name
    .replace(CSV, '')
    .replaceAll(/[^A-Za-z0-9_.-]+/g, '_')
    .replace(/^[^A-Za-z0-9]+/, '')
    .toUpperCase() || 'DATA';

/** The title of a symbol: `US_SENATE_OVERALL` → `Us senate overall`. */
const titleOf = (symbol: string): string => symbol.charAt(0) + symbol.slice(1).toLowerCase().replaceAll(/[_-]+/g, ' ');

type Role = 'time' | 'price' | 'size' | 'side' | 'outcome' | 'tradeId';

/** Column names that files use for each field of a tick, likeliest first. `shares` comes before `amount`, which is often money. */
const KNOWN_NAMES: Readonly<Record<Role, readonly string[]>> = {
  time: ['time', 'timestamp', 'datetime', 'date', 'created_at', 'block_time', 'ts', 't'],
  price: ['price', 'px', 'probability', 'p'],
  size: ['size', 'shares', 'quantity', 'qty', 'volume', 'amount'],
  side: ['side', 'type', 'action'],
  outcome: ['outcome', 'token', 'contract'],
  tradeId: ['trade_id', 'tradeid'],
};

/** Guesses by name which column of a CSV holds each field of a tick; a field without a column is absent. */
export function guessColumns(header: readonly string[]): Partial<TickColumnNames> {
  const byKey = new Map(
    header.map((name) => [
      name
        .trim()
        .toLowerCase()
        .replaceAll(/[\s-]+/g, '_'),
      name.trim(),
    ]),
  );
  const guess: Partial<Record<Role, string>> = {};
  for (const [role, names] of Object.entries(KNOWN_NAMES) as [Role, readonly string[]][]) {
    const key = names.find((name) => byKey.has(name));
    if (key !== undefined) guess[role] = byKey.get(key);
  }
  return guess;
}
