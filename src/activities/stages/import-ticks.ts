import { emptyEntry } from '../../contracts/catalogue.ts';
import { PredictLabError } from '../../contracts/errors.ts';
import type { Log } from '../../contracts/log.ts';
import type { Instrument } from '../../contracts/market-data.ts';
import type { OwnFacts } from '../../contracts/own-facts.ts';
import type { StageEffect } from '../../contracts/task/stage-effect.ts';
import type { StageInput } from '../../contracts/task/stage-report.ts';
import { type MarketKind, type Stage, type TickKind } from '../../contracts/words.ts';
import type { TickFile, TickFileBatch } from '../../files/read/read-tick-file.ts';
import { assessTick, type RowFacts } from '../../market/assess-tick.ts';
import { fileInstrument, ownFactsOf, withOwnFacts } from '../../sources/file/file-instrument.ts';
import type { Database } from '../../storage/database/database.ts';
import { importSymbols, symbolsByName } from '../../storage/markets/catalogue.ts';
import { saveInstruments } from '../../storage/markets/instruments.ts';
import { dropAbandonedImports, newImportId } from '../../storage/staging/abandoned-imports.ts';
import { clearStaging, type StagingKey, stageCoverage, stagePage } from '../../storage/staging/staging.ts';
import { createClean } from './clean.ts';
import { workAlone } from './stage-alone.ts';
import type { StageFunction } from './stage-work.ts';
import { createStore } from './store.ts';

export interface TicksImport {
  readonly database: Database;
  readonly log: Log;
  readonly symbol: string;
  /** In the order in which they are read; opened, so found good. */
  readonly files: readonly TickFile[];
  readonly market: MarketKind;
  /** What the owner says of the market; what is left out stays as it is stored. @default nothing */
  readonly facts?: OwnFacts;
  /** The instrument as it is stored, if it is. */
  readonly stored?: Instrument | undefined;
  /** "Now": later rows are quarantined; UTC epoch milliseconds. */
  readonly asOf: number;
  /** Called after each batch with the rows read so far. */
  readonly onBatch: (rows: number, batch: TickFileBatch) => void;
}

export interface ImportResult {
  readonly instrument: string;
  readonly rows: number;
  readonly inserted: number;
  /** Rows that were there already, or twice in the files. */
  readonly duplicates: number;
  readonly quarantined: number;
  readonly reasons: Readonly<Record<string, number>>;
  /** Time of the first and last readable row, UTC epoch milliseconds; null when there is none. */
  readonly from: number | null;
  readonly to: number | null;
}

/**
 * Takes tick files in: the rows are staged, cleaned and stored by the same code as those of a run, only without a run. The
 * symbol is put into the catalogue if it is not there. When anything fails, nothing has been stored.
 */
export async function importTicks(request: TicksImport): Promise<ImportResult> {
  const { database, log, symbol, files, asOf, onBatch } = request;
  const executionId = newImportId();
  const id = `file:${symbol}`;
  await dropAbandonedImports(database, Date.now());
  const known = instrumentOf(id, { ...request, facts: {} });
  const key = (await saveInstruments(database, symbol, [known])).get(id) as number;
  const staging = { executionId, symbol, instrumentKey: key };
  try {
    const spans = await stageFiles(database, { staging, files, facts: rowFacts(known, asOf), onBatch });
    for (const [kind, { from, to }] of spans.flatMap((file) => [...file]))
      await stageCoverage(database, { ...staging, kind, range: { from, to: to + 1 } });
    const bounds = spans.flatMap((file) => [...file.values()]);
    const lastTick = bounds.length === 0 ? null : Math.max(...bounds.map(({ to }) => to));
    // the second outcome's name is met on the way, and so is the last tick
    await saveInstruments(database, symbol, [instrumentOf(id, request, lastTick)]);
    const around = { database, log, executionId, symbol, asOf };
    const cleaned = (await runStage('clean', createClean(), around)).output as unknown as Cleaned;
    const stored = (await runStage('store', createStore({ database, log }), around)).output as unknown as Stored;
    if (!(await symbolsByName(database, [symbol])).has(symbol)) {
      await importSymbols(database, [emptyEntry(symbol)]);
    }
    // empty after success
    await clearStaging(database, { executionId });
    return {
      instrument: id,
      rows: cleaned.rows,
      inserted: stored.inserted,
      duplicates: stored.duplicates,
      quarantined: cleaned.quarantined,
      reasons: cleaned.reasons,
      from: bounds.length === 0 ? null : Math.min(...bounds.map(({ from }) => from)),
      to: lastTick,
    };
  } catch (error) {
    // with the database away the next import does it; what went wrong first is what counts
    await clearStaging(database, { executionId }).catch(() => undefined);
    throw error;
  }
}

/** What is known already stays: an import may add the names of the outcomes, and what the owner says of the market. */
function instrumentOf(
  id: string,
  { symbol, market, files, stored, facts = {}, asOf }: TicksImport,
  lastTick: number | null = null,
): Instrument {
  const reference = files.map(({ path }) => path).join(' ');
  const known = stored ?? fileInstrument({ id, market, title: symbol, outcomes: [], reference });
  const outcomes = files.reduce((most, file) => (file.outcomes.length > most.length ? file.outcomes : most), known.outcomes);
  const named = { ...known, outcomes };
  return Object.keys(facts).length === 0 ? named : withOwnFacts(named, { ...ownFactsOf(known), ...facts }, { lastTick, asOf });
}

/** What the stages put out, as far as it is told here. */
type Cleaned = Pick<ImportResult, 'rows' | 'quarantined' | 'reasons'>;
type Stored = Pick<ImportResult, 'inserted' | 'duplicates'>;

type Spans = Map<TickKind, { from: number; to: number }>;

/** Reads the next batch while the one before travels to the database. @returns what time the good rows of each kind cover, file by file: of what lies between two files nobody has said anything */
async function stageFiles(
  database: Database,
  {
    staging,
    files,
    facts,
    onBatch,
  }: {
    staging: StagingKey;
    files: readonly TickFile[];
    facts: RowFacts;
    onBatch: TicksImport['onBatch'];
  },
): Promise<readonly Spans[]> {
  const every: Spans[] = [];
  let pageNumber = 0;
  let rows = 0;
  let inFlight: Promise<unknown> = Promise.resolve();
  try {
    for (const file of files) {
      const spans: Spans = new Map();
      every.push(spans);
      for await (const batch of file.batches()) {
        await inFlight;
        inFlight = stagePage(database, { ...staging, pageNumber: pageNumber++, order: 'oldest-first', rows: batch.rows });
        // its failure is thrown by the await above, or below; until then it is not unhandled
        inFlight.catch(() => undefined);
        widen(spans, batch, facts);
        rows += batch.rows.length;
        onBatch(rows, batch);
      }
    }
    await inFlight;
  } finally {
    // when reading fails, a page that is on its way must not arrive after the clearing
    await inFlight.catch(() => undefined);
  }
  return every;
}

/** What `clean` will judge the rows by. */
const rowFacts = ({ market, opensAt, tickSize }: Instrument, asOf: number): RowFacts => ({ market, opensAt, tickSize, asOf });

/** What is going to be quarantined covers nothing. */
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

/** Runs one stage outside of any run: no ledger, no retries; a failure is the command's. */
async function runStage(
  stage: Stage,
  run: StageFunction,
  { database, log, executionId, symbol, asOf }: { database: Database; log: Log; executionId: string; symbol: string; asOf: number },
): Promise<StageEffect> {
  const work = workAlone({ log, commit: (write) => database.transaction(write), record: async (effect) => effect });
  const input: StageInput = {
    runId: executionId,
    executionId,
    symbol,
    stage,
    settings: { sourceTypes: ['file'], intervals: [], daysBack: 0, strategies: [], refetch: false, asOf },
  };
  return await run(input, work);
}

/** @throws PredictLabError BadInput when what is stored under the symbol is priced by another outcome or means another thing */
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
