import path from 'node:path';
import { z } from 'zod';
import { tickColumnsSchema } from '../../contracts/catalogue.ts';
import { badInput, PredictLabError } from '../../contracts/errors.ts';
import type { Instrument, TimeRange } from '../../contracts/market-data.ts';
import { OWN_FACTS, ownFactsProblems, ownFactsShape } from '../../contracts/own-facts.ts';
import type { Json } from '../../contracts/run/pipeline-input.ts';
import { DAY_MS, MARKET_KINDS } from '../../contracts/words.ts';
import { expandPath, nameOf } from '../../files/read/expand-path.ts';
import { openTickFile, type TickFile } from '../../files/read/read-tick-file.ts';
import { isPlausible, rowsOfWindow, timeBounds } from '../candidate.ts';
import { venueFailure } from '../http/venue-error.ts';
import type { CollectRequest, DiscoverRequest, Discovery, Source, SourcePage } from '../source.ts';
import type { LocalVenue } from '../venue.ts';
import { fileInstrument, withOwnFacts } from './file-instrument.ts';

const fileSelector = z
  .strictObject({
    /** A path or a glob, relative to the directory in which the command runs. */
    path: z.string().min(1),
    columns: tickColumnsSchema.partial().optional(),
    firstOutcome: z.string().optional(),
    market: z.enum(MARKET_KINDS).optional(),
    ...ownFactsShape,
  })
  .superRefine((selector, context) => {
    for (const { field, message } of ownFactsProblems(selector, selector.market ?? 'probability'))
      context.addIssue({ code: 'custom', path: [field], message });
  });

export type FileSelector = z.infer<typeof fileSelector>;

/** The user's own CSV files. */
export const file: LocalVenue<FileSelector> = {
  name: 'file',
  title: 'CSV files',
  selector: fileSelector,
  forms: `{"path": "…"}, with columns, firstOutcome, market, ${OWN_FACTS.join(', ')} as you need them`,
  example: 'ticks/*.csv',
  byDefault: false,
  source: () => createFileSource(),
};

export interface FileSourceOptions {
  /** Folder to which relative paths refer. @default the working directory */
  readonly base?: string;
}

/** Creates the source of the user's own CSV files: each file that a selector matches is one instrument. */
export function createFileSource({ base = process.cwd() }: FileSourceOptions = {}): Source<FileSelector> {
  return {
    type: 'file',
    discover: (request) => discover(request, base),
    collect: (request) => collect(request, base),
    selectorOf: async () => undefined,
    describe: (error) => venueFailure('file', error),
  };
}

interface SelectedFile {
  readonly id: string;
  readonly path: string;
  readonly selector: FileSelector;
}

/**
 * The files of all selectors, each once, with the id of its instrument. A file that one selector names and others match belongs to the one
 * that names it, otherwise to the first that matches. Files of the same name have their folders in their ids.
 */
async function selectedFiles(selectors: readonly FileSelector[], base: string): Promise<{ files: SelectedFile[]; problems: string[] }> {
  const byPath = new Map<string, FileSelector>();
  const problems: string[] = [];
  for (const selector of selectors) {
    try {
      for (const file of await expandPath(selector.path, base)) {
        // A selector that names the file takes precedence over one that is a pattern.
        if (!byPath.has(file) || path.resolve(base, selector.path) === file) byPath.set(file, selector);
      }
    } catch (error) {
      if (!(error instanceof PredictLabError)) throw error;
      problems.push(error.message);
    }
  }
  const names = [...byPath.keys()].map(nameOf);
  const files = [...byPath].map(([file, selector], index) => {
    const name = names[index] ?? '';
    const unique = names.indexOf(name) === names.lastIndexOf(name);
    return { id: `file:${unique ? name : path.join(path.dirname(path.relative(base, file)), name)}`, path: file, selector };
  });
  return { files, problems };
}

const open = ({ path: file, selector }: SelectedFile, signal: AbortSignal): Promise<TickFile> =>
  openTickFile(file, {
    ...(selector.columns && { columns: selector.columns }),
    ...(selector.firstOutcome && { firstOutcome: selector.firstOutcome }),
    signal,
  });

async function discover(request: DiscoverRequest<FileSelector>, base: string): Promise<Discovery> {
  const { files, problems } = await selectedFiles(request.selectors, base);
  const instruments: Instrument[] = [];
  for (const selected of files) {
    try {
      const file = await open(selected, request.signal);
      // Reading the first rows finds the name of the second outcome.
      for await (const _batch of file.batches()) break;
      const { resolution, closesAt, closedAt } = selected.selector;
      const lastTick = resolution !== undefined && (closedAt ?? closesAt) === undefined ? await lastTickOf(file, request.asOf) : null;
      instruments.push(withOwnFacts(instrumentOf(selected, file, base), selected.selector, { lastTick, asOf: request.asOf }));
    } catch (error) {
      if (!(error instanceof PredictLabError) || error.type !== 'BadInput') throw error;
      problems.push(error.message);
    }
  }
  const named = problems.map((problem) => `${request.symbol}: ${problem}`);
  if (instruments.length === 0 && named.length > 0) throw badInput(named.join('\n'));
  return { instruments, problems: named, requests: 0, clock: Date.now() };
}

const instrumentOf = ({ id, selector }: SelectedFile, file: TickFile, base: string): Instrument =>
  fileInstrument({
    id,
    // Guessed in the same way as by `candles`, `import` and `backtest`.
    market: selector.market ?? (selector.resolution === undefined ? file.likelyMarket : 'probability'),
    title: nameOf(file.path),
    outcomes: file.outcomes,
    reference: path.relative(base, file.path),
  });

/** Time of the last tick of a file, even outside the run's window; null when the file has no valid tick. */
async function lastTickOf(file: TickFile, asOf: number): Promise<number | null> {
  const bounds = timeBounds(null, asOf, Date.now());
  let last: number | null = null;
  for await (const { rows } of file.batches(0, { identities: false }))
    for (const { time, defect } of rows)
      if (defect === null && time !== null && isPlausible(time, bounds) && time > (last ?? Number.NEGATIVE_INFINITY)) last = time;
  return last;
}

interface Cursor {
  readonly line: number;
}

/** Streams the rows of a file. Every run reads the whole file, since any line may have changed; rows that are stored already are merged. */
async function* collect(request: CollectRequest<FileSelector>, base: string): AsyncGenerator<SourcePage> {
  const { instrument, window, asOf } = request;
  request.signal.throwIfAborted();
  const { files } = await selectedFiles(request.selectors, base);
  const selected = files.find(({ id }) => id === instrument.id);
  if (selected === undefined)
    throw badInput(`the file of ${instrument.id} (${instrument.reference}) is gone; put it back or change its selector`);
  const file = await open(selected, request.signal);
  const bounds = timeBounds(null, asOf, Date.now());
  let line = (request.cursor as unknown as Cursor | undefined)?.line ?? 0;
  let read = 0;
  let kept = line > 0 ? 1 : 0;
  let span: TimeRange | undefined;
  for await (const batch of file.batches(line)) {
    request.signal.throwIfAborted();
    const rows = rowsOfWindow(batch.rows, window, bounds);
    read += batch.rows.length;
    kept += rows.length;
    for (const { time } of batch.rows) {
      if (time === null || !isPlausible(time, bounds)) continue;
      span = span === undefined ? { from: time, to: time } : { from: Math.min(span.from, time), to: Math.max(span.to, time) };
    }
    line = batch.lines.at(-1) ?? line;
    if (rows.length > 0) yield { kind: file.kind, rows, order: 'oldest-first', cursor: cursorAt(line), coverage: [], requests: 0 };
  }
  const outside = read > 0 && kept === 0 && span !== undefined ? [outsideWindow(instrument, read, span, window)] : [];
  // The whole file was read, so the whole window is covered.
  const covered = { kind: file.kind, rows: [], order: 'oldest-first', cursor: cursorAt(line), requests: 0 } as const;
  yield { ...covered, coverage: outside.length > 0 ? [] : [{ from: window.from, to: asOf }], problems: outside };
}

const cursorAt = (line: number): Json => ({ line });

const day = (time: number): string => new Date(time).toISOString().slice(0, 10);

function outsideWindow(instrument: Instrument, rows: number, span: TimeRange, window: TimeRange): string {
  return (
    `${instrument.reference} has ${rows} rows from ${day(span.from)} to ${day(span.to)}, none of them in the run's window ` +
    `${day(window.from)} to ${day(window.to)}; use --as-of ${day(span.to + DAY_MS)} and --days to reach them`
  );
}
