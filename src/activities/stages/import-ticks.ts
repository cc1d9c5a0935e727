import { stat } from 'node:fs/promises';
import { emptyEntry } from '../../contracts/catalogue.ts';
import { PredictLabError } from '../../contracts/errors.ts';
import type { Log } from '../../contracts/log.ts';
import type { Instrument } from '../../contracts/market-data.ts';
import type { OwnFacts } from '../../contracts/own-facts.ts';
import { type MarketKind, type TickKind } from '../../contracts/words.ts';
import type { TickFile, TickFileBatch } from '../../files/read/read-tick-file.ts';
import { assessTick, type RowFacts } from '../../market/assess-tick.ts';
import { fileInstrument, ownFactsOf, withOwnFacts } from '../../sources/file/file-instrument.ts';
import type { Database } from '../../storage/database/database.ts';
import { importSymbols, symbolsByName } from '../../storage/markets/catalogue.ts';
import { saveInstruments } from '../../storage/markets/instruments.ts';
import {
  clearImportProgress,
  dropAbandonedImports,
  type ImportCounts,
  importProgress,
  newImportId,
  saveImportProgress,
} from '../../storage/staging/import-progress.ts';
import { clearStaging, type StagingKey, stageCoverage, stagePage } from '../../storage/staging/staging.ts';
import { cleanAndStore } from './store.ts';

export interface TicksImport {
  readonly database: Database;
  readonly log: Log;
  readonly symbol: string;
  /** The instrument of the rows. @default `file:<symbol>` */
  readonly id?: string;
  /** The instrument's title. @default the symbol */
  readonly title?: string;
  /** Opened files, in the order in which they are read. */
  readonly files: readonly TickFile[];
  readonly market: MarketKind;
  /** Facts about the market that its owner states; the others stay as they are stored. @default none */
  readonly facts?: OwnFacts;
  readonly stored?: Instrument | undefined;
  /** The current time; rows after it are quarantined. UTC epoch milliseconds. */
  readonly asOf: number;
  /** Called after each batch with the rows read so far. */
  readonly onBatch: (rows: number, batch: TickFileBatch) => void;
  /** Whether to stop, checked after each batch; stored rows stay, and the next import of the files continues behind them. @default never */
  readonly isStopped?: () => boolean;
  /** Number of rows stored together, the most that a killed import loses. @default 200,000 */
  readonly chunkRows?: number;
}

export interface ImportResult extends ImportCounts {
  readonly instrument: string;
  /** Time of the first and last readable row, UTC epoch milliseconds; null when there is none. */
  readonly from: number | null;
  readonly to: number | null;
  readonly isPartial: boolean;
}

const CHUNK_ROWS = 200_000;
const NO_ROWS: ImportCounts = { rows: 0, inserted: 0, duplicates: 0, quarantined: 0, reasons: {} };

/**
 * Imports tick files with the stages of a run, chunk by chunk. Stored chunks stay whatever happens later; another import of the same files
 * continues behind them. Coverage is claimed at the end of each file. Adds the symbol to the catalogue if it is missing.
 */
export async function importTicks(request: TicksImport): Promise<ImportResult> {
  const { database, log, symbol, files, asOf, id = `file:${symbol}` } = request;
  const executionId = newImportId();
  await dropAbandonedImports(database, Date.now());
  const known = instrumentOf(id, { ...request, facts: {} });
  const key = (await saveInstruments(database, symbol, [known])).get(id) as number;
  const staging = { executionId, symbol, instrumentKey: key };
  let counts: ImportCounts = NO_ROWS;
  const bounds: { from: number; to: number }[] = [];
  let isPartial = false;
  const storeStaged = async (): Promise<ImportCounts> => {
    const counts = await cleanAndStore({ database, log, executionId, symbol, asOf });
    await clearStaging(database, { executionId });
    return counts;
  };
  try {
    for (const file of files) {
      const ended = await importFile(request, { file, staging, facts: rowFacts(known, asOf), before: counts.rows, storeStaged });
      counts = sumOf(counts, ended.counts);
      bounds.push(...ended.spans.values());
      isPartial = !ended.isWhole;
      if (isPartial) break;
    }
    const lastTick = bounds.length === 0 ? null : Math.max(...bounds.map(({ to }) => to));
    // the second outcome's name and the last tick are known only after reading
    await saveInstruments(database, symbol, [instrumentOf(id, request, lastTick)]);
    if (!(await symbolsByName(database, [symbol])).has(symbol)) await importSymbols(database, [emptyEntry(symbol)]);
    if (!isPartial) await clearImportProgress(database, key);
    return {
      instrument: id,
      ...counts,
      from: bounds.length === 0 ? null : Math.min(...bounds.map(({ from }) => from)),
      to: lastTick,
      isPartial,
    };
  } catch (error) {
    // if the database is unavailable, the next import clears the staging; the first error is reported
    await clearStaging(database, { executionId }).catch(() => undefined);
    throw error;
  }
}

/** The instrument with the outcome names of the files and the stated facts; its other fields stay as they are stored. */
function instrumentOf(
  id: string,
  { symbol, title = symbol, market, files, stored, facts = {}, asOf }: TicksImport,
  lastTick: number | null = null,
): Instrument {
  const reference = files.map(({ path }) => path).join(' ');
  const known = stored ?? fileInstrument({ id, market, title, outcomes: [], reference });
  const outcomes = files.reduce((most, file) => (file.outcomes.length > most.length ? file.outcomes : most), known.outcomes);
  const named = { ...known, outcomes };
  return Object.keys(facts).length === 0 ? named : withOwnFacts(named, { ...ownFactsOf(known), ...facts }, { lastTick, asOf });
}

type Spans = Map<TickKind, { from: number; to: number }>;

interface FileImport {
  readonly file: TickFile;
  readonly staging: StagingKey;
  readonly facts: RowFacts;
  readonly before: number;
  readonly storeStaged: () => Promise<ImportCounts>;
}

/** Imports one file from where an earlier import stopped; returns the counts, the spans of good rows by kind, and whether it read all. */
async function importFile(
  { database, onBatch, isStopped = () => false, chunkRows = CHUNK_ROWS }: TicksImport,
  { file, staging, facts, before, storeStaged }: FileImport,
): Promise<{ counts: ImportCounts; spans: Spans; isWhole: boolean }> {
  const name = await versionOf(file.path);
  const key = staging.instrumentKey;
  const earlier = await importProgress(database, key, name);
  const spans: Spans = new Map(Object.entries(earlier?.spans ?? {}) as [TickKind, { from: number; to: number }][]);
  let counts = earlier?.counts ?? NO_ROWS;
  let line = earlier?.line ?? 0;
  let staged = 0;
  let pageNumber = 0;
  let inFlight: Promise<unknown> = Promise.resolve();
  try {
    for await (const batch of file.batches(line)) {
      await inFlight;
      if (staged >= chunkRows || isStopped()) {
        counts = sumOf(counts, await storeStaged());
        staged = 0;
        await saveImportProgress(database, key, name, { line, spans: Object.fromEntries(spans), counts });
        if (isStopped()) return { counts, spans, isWhole: false };
      }
      // staged while the next batch is read
      inFlight = stagePage(database, { ...staging, pageNumber: pageNumber++, order: 'oldest-first', rows: batch.rows });
      // the awaits above and below throw its failure; until then it must not count as unhandled
      inFlight.catch(() => undefined);
      widen(spans, batch, facts);
      staged += batch.rows.length;
      line = batch.lines[batch.lines.length - 1];
      onBatch(before + counts.rows + staged, batch);
    }
    await inFlight;
  } finally {
    // when reading fails, a page that is still being staged must not arrive after the clearing
    await inFlight.catch(() => undefined);
  }
  // coverage is claimed last: in an unsorted file, later rows may lie between earlier ones
  for (const [kind, { from, to }] of spans) await stageCoverage(database, { ...staging, kind, ranges: [{ from, to: to + 1 }] });
  counts = sumOf(counts, await storeStaged());
  await saveImportProgress(database, key, name, { line, spans: Object.fromEntries(spans), counts });
  return { counts, spans, isWhole: true };
}

/** A file's path with its size and time of change: a file that has changed is read from its start. */
async function versionOf(file: string): Promise<string> {
  const { size, mtimeMs } = await stat(file);
  return `${file} ${size} ${mtimeMs}`;
}

function sumOf(one: ImportCounts, other: ImportCounts): ImportCounts {
  const reasons = { ...one.reasons };
  for (const [reason, count] of Object.entries(other.reasons)) reasons[reason] = (reasons[reason] ?? 0) + count;
  return {
    rows: one.rows + other.rows,
    inserted: one.inserted + other.inserted,
    duplicates: one.duplicates + other.duplicates,
    quarantined: one.quarantined + other.quarantined,
    reasons,
  };
}

/** The facts by which `clean` checks the rows. */
const rowFacts = ({ market, opensAt, tickSize }: Instrument, asOf: number): RowFacts => ({ market, opensAt, tickSize, asOf });

/** Extends the spans by the good rows of a batch; rows that will be quarantined cover nothing. */
function widen(spans: Spans, { rows }: TickFileBatch, facts: RowFacts): void {
  for (const row of rows) {
    const { kind, time } = row;
    if (time === null || assessTick(row, facts).verdict !== 'ok') continue;
    const span = spans.get(kind);
    if (span === undefined) spans.set(kind, { from: time, to: time });
    else if (time < span.from) span.from = time;
    else if (time > span.to) span.to = time;
  }
}

/** @throws PredictLabError BadInput when the stored instrument is priced by another outcome or has another kind of market */
export function checkAgainstStored(
  stored: Instrument,
  { firstOutcome, market }: { firstOutcome?: string | undefined; market?: MarketKind | undefined },
): void {
  const [priced] = stored.outcomes;
  if (firstOutcome !== undefined && priced !== undefined && priced.toLowerCase() !== firstOutcome.trim().toLowerCase()) {
    throw new PredictLabError(
      'BadInput',
      `${stored.id} already holds prices of ${priced}; import with --first-outcome ${priced}, or under another --symbol`,
    );
  }
  if (market !== undefined && market !== stored.market) {
    throw new PredictLabError(
      'BadInput',
      `${stored.id} already holds prices of a ${stored.market} market; leave --market ${market} out, or import under another --symbol`,
    );
  }
}
