import { stat } from 'node:fs/promises';
import type { Instrument } from '../../contracts/market-data.ts';
import type { OwnFacts } from '../../contracts/own-facts.ts';
import type { TickKind } from '../../contracts/words.ts';
import type { SourceBatch } from '../../files/read/tick-source.ts';
import { assessTick } from '../../market/assess-tick.ts';
import { fileInstrument, ownFactsOf, withOwnFacts } from '../../sources/file/file-instrument.ts';
import { instrumentById, saveInstruments } from '../../storage/markets/instruments.ts';
import {
  type ImportCounts,
  type ImportProgress,
  importProgress,
  NO_ROWS,
  saveImportProgress,
  sumOf,
} from '../../storage/staging/import-progress.ts';
import { clearStaging, type StagingKey, stageCoverage, stagePage } from '../../storage/staging/staging.ts';
import { checkAgainstStored, type ImportedInstrument, instrumentIdOf, type TicksImport } from './import-request.ts';
import { cleanAndStore } from './store.ts';

const CHUNK_ROWS = 200_000;
const MAX_REFERENCE = 1_000;

type Spans = Map<TickKind, { from: number; to: number }>;

/** One market's rows in one file. */
interface Part {
  /** The file's path with its size and time of change: a file that has changed is read from its start. */
  readonly file: string;
  line: number;
  readonly spans: Spans;
  counts: ImportCounts;
}

interface OpenMarket {
  /** The market's name in files with several markets; null in a file of one market. */
  readonly name: string | null;
  readonly key: number;
  readonly known: Instrument;
  readonly facts: OwnFacts;
  readonly parts: Map<string, Part>;
  outcomes: readonly string[];
  isWhole: boolean;
}

/** A running import: the rows staged for each market, and the results of stored markets. */
export class TickImport {
  readonly #request: TicksImport;
  readonly #executionId: string;
  /** Names of the files (path, size and time of change, as in `Part`), by path. */
  readonly #files = new Map<string, string>();
  readonly #results = new Map<number, ImportedInstrument>();
  /** Progress of an earlier import that was stopped, by instrument key. */
  readonly #earlier = new Map<number, ImportProgress[]>();
  #current: OpenMarket | undefined;
  /** Markets with rows or coverage that are staged but not stored yet, each with the part that was staged last. */
  readonly #staged = new Map<OpenMarket, Part>();
  #pages = 0;

  constructor(request: TicksImport, executionId: string) {
    this.#request = request;
    this.#executionId = executionId;
  }

  /** Results by instrument key. */
  get results(): ReadonlyMap<number, ImportedInstrument> {
    return this.#results;
  }

  /** Finds what an earlier import of the files has stored. */
  async resume(): Promise<void> {
    const { database, symbol, source } = this.#request;
    for (const path of source.paths) {
      const { size, mtimeMs } = await stat(path);
      this.#files.set(path, `${path} ${size} ${mtimeMs}`);
    }
    const whole = new Map<string, number>();
    for (const progress of await importProgress(database, symbol, [...this.#files.values()])) {
      const { instrument, counts } = progress;
      this.#earlier.set(instrument, [...(this.#earlier.get(instrument) ?? []), progress]);
      if (counts.isWhole && counts.market !== undefined) whole.set(counts.market, instrument);
    }
    await source.leaveOut(new Set(whole.keys()));
    for (const [name, key] of whole) {
      const parts = (this.#earlier.get(key) ?? []).map(partOf);
      this.#results.set(key, resultOf(instrumentIdOf(symbol, name), parts, []));
    }
  }

  /** Stores all rows chunk by chunk. @returns false when it was stopped before the end */
  async store(): Promise<boolean> {
    const { source, onBatch, isStopped = () => false, chunkRows = CHUNK_ROWS } = this.#request;
    let [rows, read] = [0, 0];
    let last: { readonly market: OpenMarket; readonly part: Part } | undefined;
    let inFlight: Promise<unknown> = Promise.resolve();
    const batches = source.batches({
      firstOutcomeOf: async (name) => this.#firstOutcome(await this.#open(name)),
      storedUpTo: async (name, path) => this.#part(await this.#open(name), path).line,
    });
    try {
      for await (const batch of batches) {
        await inFlight;
        const market = await this.#open(batch.market);
        const part = this.#part(market, batch.path);
        const hasEnded = last !== undefined && last.part !== part;
        if (last !== undefined && hasEnded) await this.#endPart(last.market, last.part, last.market !== market);
        last = { market, part };
        if (batch.outcomes.length > market.outcomes.length) market.outcomes = batch.outcomes;
        // also stored after each file of a single market, so that the rows stay if a later file cannot be read
        if (rows >= chunkRows || isStopped() || (hasEnded && batch.market === null)) {
          await this.#storeStaged();
          rows = 0;
          if (isStopped()) return false;
        }
        if (batch.rows.length === 0) continue;
        // not awaited yet: rows are staged while the next batch is read
        inFlight = this.#stage(market, part, batch);
        // a failure is thrown where `inFlight` is awaited; until then it must not count as unhandled
        inFlight.catch(() => undefined);
        rows += batch.rows.length;
        read += batch.rows.length;
        onBatch(read, batch);
      }
      await inFlight;
    } finally {
      // if reading fails, waits for rows that are still being staged, so that they do not arrive after the staging is cleared
      await inFlight.catch(() => undefined);
    }
    if (last !== undefined) await this.#endPart(last.market, last.part, true);
    await this.#storeStaged();
    return true;
  }

  /** The market of this name in the files, which stays open until another one is opened. */
  async #open(name: string | null): Promise<OpenMarket> {
    if (this.#current !== undefined && this.#current.name === name) return this.#current;
    const { database, symbol, source, stated = {}, descriptions } = this.#request;
    const id = instrumentIdOf(symbol, name);
    const described = name === null ? undefined : descriptions?.get(name);
    const stored = await instrumentById(database, id);
    if (stored !== undefined) checkAgainstStored(stored, stated);
    const { key: _, ...known }: Instrument & { readonly key?: number } =
      stored ??
      fileInstrument({
        id,
        market: stated.market ?? this.#request.market,
        title: name ?? symbol,
        outcomes: [],
        reference: source.paths.join(' ').slice(0, MAX_REFERENCE),
      });
    const titled = { ...known, ...(described?.title !== undefined && { title: described.title }) };
    const key = (await saveInstruments(database, symbol, [titled])).get(id) as number;
    const parts = new Map((this.#earlier.get(key) ?? []).map((progress) => [progress.file, partOf(progress)]));
    const facts = { ...described?.facts, ...this.#request.facts };
    this.#current = { name, key, known: titled, facts, parts, outcomes: titled.outcomes, isWhole: false };
    return this.#current;
  }

  #firstOutcome({ name, known }: OpenMarket): string | undefined {
    const { stated, descriptions } = this.#request;
    return stated?.firstOutcome ?? known.outcomes[0] ?? (name === null ? undefined : descriptions?.get(name)?.outcomes[0]);
  }

  #part({ parts }: OpenMarket, path: string): Part {
    const file = this.#files.get(path) as string;
    const part = parts.get(file) ?? { file, line: 0, spans: new Map(), counts: NO_ROWS };
    parts.set(file, part);
    return part;
  }

  #stagingKey = ({ key }: OpenMarket): StagingKey => ({
    executionId: this.#executionId,
    symbol: this.#request.symbol,
    instrumentKey: key,
  });

  /** Stages rows. Rows that `clean` will quarantine keep their original line and do not count as coverage; other rows drop the line. */
  async #stage(market: OpenMarket, part: Part, { rows, lines }: SourceBatch): Promise<void> {
    const { opensAt, tickSize, market: kind } = market.known;
    const facts = { market: kind, opensAt, tickSize, asOf: this.#request.asOf };
    const staged = rows.map((row) => {
      if (row.time === null || assessTick(row, facts).verdict !== 'ok') return row;
      widen(part.spans, row.kind, row.time);
      return { ...row, raw: '' };
    });
    part.line = lines[lines.length - 1];
    this.#staged.set(market, part);
    await stagePage(this.#request.database, {
      ...this.#stagingKey(market),
      pageNumber: this.#pages++,
      order: 'oldest-first',
      rows: staged,
    });
  }

  /** Claims coverage once all of a file's rows are read: in an unsorted file, late rows may lie between earlier ones. */
  async #endPart(market: OpenMarket, part: Part, isWhole: boolean): Promise<void> {
    for (const [kind, { from, to }] of part.spans)
      await stageCoverage(this.#request.database, { ...this.#stagingKey(market), kind, ranges: [{ from, to: to + 1 }] });
    market.isWhole ||= isWhole;
    this.#staged.set(market, part);
  }

  /** Stores the staged rows, and records how far the files are stored. */
  async #storeStaged(): Promise<void> {
    const { database, log, symbol, asOf } = this.#request;
    const executionId = this.#executionId;
    const counts = await cleanAndStore({ database, log, executionId, symbol, asOf });
    await clearStaging(database, { executionId });
    const markets = [...this.#staged];
    // saved after reading, because only then the name of the second outcome and the last tick are known
    await saveInstruments(
      database,
      symbol,
      markets.map(([market]) => this.#instrumentOf(market)),
    );
    for (const [{ key }, part] of markets) part.counts = sumOf(part.counts, counts.get(key) ?? NO_ROWS);
    await saveImportProgress(
      database,
      markets.flatMap(([{ key, name, isWhole, parts }]) =>
        [...parts.values()].map(({ file, line, spans, counts }) => ({
          instrument: key,
          file,
          line,
          spans: Object.fromEntries(spans),
          counts: { ...counts, ...(name !== null && { market: name, isWhole }) },
        })),
      ),
    );
    for (const [market] of markets) this.#note(market);
    this.#staged.clear();
  }

  /** The instrument with the outcome names of the files and the stated facts; its other fields stay as they are stored. */
  #instrumentOf({ known, facts, outcomes, parts }: OpenMarket): Instrument {
    const named = { ...known, outcomes };
    if (Object.keys(facts).length === 0) return named;
    const lastTick = boundsOf([...parts.values()]).to;
    return withOwnFacts(named, { ...ownFactsOf(known), ...facts }, { lastTick, asOf: this.#request.asOf });
  }

  #note({ key, known, parts, outcomes }: OpenMarket): void {
    this.#results.set(key, resultOf(known.id, [...parts.values()], outcomes));
  }
}

const partOf = ({ file, line, spans, counts: { market: _, isWhole: __, ...counts } }: ImportProgress): Part => ({
  file,
  line,
  spans: new Map(Object.entries(spans) as [TickKind, { from: number; to: number }][]),
  counts,
});

function boundsOf(parts: readonly Part[]): { readonly from: number | null; readonly to: number | null } {
  const spans = parts.flatMap((part) => [...part.spans.values()]);
  if (spans.length === 0) return { from: null, to: null };
  return { from: Math.min(...spans.map(({ from }) => from)), to: Math.max(...spans.map(({ to }) => to)) };
}

const resultOf = (instrument: string, parts: readonly Part[], outcomes: readonly string[]): ImportedInstrument => ({
  instrument,
  ...parts.map(({ counts }) => counts).reduce(sumOf, NO_ROWS),
  ...boundsOf(parts),
  outcomes,
});

function widen(spans: Spans, kind: TickKind, time: number): void {
  const span = spans.get(kind);
  if (span === undefined) spans.set(kind, { from: time, to: time });
  else if (time < span.from) span.from = time;
  else if (time > span.to) span.to = time;
}
