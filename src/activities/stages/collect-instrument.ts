import type { Instrument, TimeRange } from '../../contracts/market-data.ts';
import type { SourcePage } from '../../sources/source.ts';
import type { Database } from '../../storage/database/database.ts';
import { holdCollect } from '../../storage/staging/collect-owner.ts';
import { type CollectProgress, saveCollectProgress } from '../../storage/staging/collect-progress.ts';
import { stageCoverage, stagePage } from '../../storage/staging/staging.ts';
import { coverageOf } from '../../storage/ticks/coverage.ts';
import type { PlannedInstrument } from './collect-plan.ts';

export interface InstrumentCollection {
  readonly database: Database;
  readonly planned: PlannedInstrument;
  readonly executionId: string;
  readonly symbol: string;
  /** This attempt's claim on the symbol's staging. */
  readonly owner: string;
  readonly instrumentKey: number;
  readonly window: TimeRange;
  readonly asOf: number;
  readonly refetch: boolean;
  /** Where an earlier attempt of this run got to. */
  readonly progress: CollectProgress | undefined;
  readonly signal: AbortSignal;
  readonly onPage: (page: SourcePage) => void;
}

/** What collecting one instrument brought besides staged rows. */
export interface InstrumentOutcome {
  readonly book: Instrument['book'] | undefined;
  readonly problems: readonly string[];
}

/**
 * Streams one instrument's pages into staging. Each page, the ranges it completes and the cursor behind it are one
 * transaction, so another attempt goes on right after the last whole page.
 */
export async function collectInstrument(collection: InstrumentCollection): Promise<InstrumentOutcome> {
  const { database, planned, executionId, symbol, owner, instrumentKey, window, asOf, refetch, progress, signal, onPage } = collection;
  const { instrument, source, selectors } = planned;
  const key = { executionId, symbol, instrumentKey };
  const problems: string[] = [];
  let book: Instrument['book'] | undefined;
  if (progress?.done === true) return { book, problems };

  const [trade, price] = await Promise.all([coverageOf(database, instrumentKey, 'trade'), coverageOf(database, instrumentKey, 'price')]);
  let { pages, requests, cursor } = progress ?? { pages: 0, requests: 0, cursor: null };
  const stream = source.collect({
    instrument,
    selectors,
    window,
    asOf,
    covered: { trade, price },
    refetch,
    cursor: cursor ?? undefined,
    signal,
  });
  for await (const page of stream) {
    signal.throwIfAborted();
    const pageNumber = pages;
    pages += 1;
    requests += page.requests;
    cursor = page.cursor;
    const reached = { pages, requests, cursor, done: false };
    await database.transaction(async (transaction) => {
      await holdCollect(transaction, { executionId, symbol, owner });
      await stagePage(transaction, { ...key, pageNumber, order: page.order, rows: page.rows });
      for (const range of page.coverage) await stageCoverage(transaction, { ...key, kind: page.kind, range });
      await saveCollectProgress(transaction, key, reached);
    });
    if (page.book !== undefined) book = page.book;
    problems.push(...(page.problems ?? []));
    onPage(page);
  }
  if (pages > 0) {
    await database.transaction(async (transaction) => {
      await holdCollect(transaction, { executionId, symbol, owner });
      await saveCollectProgress(transaction, key, { pages, requests, cursor, done: true });
    });
  }
  return { book, problems };
}
