import { PredictLabError } from '../contracts/errors.ts';
import type { CandidateRow, Instrument, TimeRange } from '../contracts/market-data.ts';
import { isPlausible, rowsOfWindow, timeBounds } from './candidate.ts';
import type { SourcePage } from './source.ts';
import { lifelessRanges, missingRanges, tradableWindow } from './time-ranges.ts';

/** One page of a venue's history, newest first; `next` leads to the older ones. */
export interface HistoryPage {
  readonly rows: readonly CandidateRow[];
  readonly next: string | null;
  readonly requests: number;
}

/** Where a walk stands after a page; small JSON. */
export interface WalkCursor {
  readonly next: string;
  /** Fingerprint of the page before `next`, by which a repeated page is recognised. */
  readonly last: string;
}

export interface Walk {
  readonly venue: string;
  readonly instrument: Instrument;
  /** Reads the page at a cursor; null is the newest one. */
  readonly fetch: (cursor: string | null) => Promise<HistoryPage>;
  readonly window: TimeRange;
  readonly asOf: number;
  readonly covered: readonly TimeRange[];
  readonly refetch: boolean;
  readonly resume: WalkCursor | undefined;
  /** What a page that comes again means: the venue stumbled (ask again), or its paging ends here without saying so. */
  readonly repeats: 'ask-again' | 'end-of-paging';
}

export type WalkedPage = Omit<SourcePage, 'cursor'> & { readonly cursor: WalkCursor | null };

/** Tries for a page that repeats an earlier one, and empty pages that promise more, before the venue counts as out of order. */
const STUMBLES = 5;
const SAME_CURSOR_TRIES = 3;
/** Pages that are looked at again when nothing is missing: the newest one, and one more where new rows pushed it down. */
const REVISITED_PAGES = 2;

/**
 * Trades of a venue that has no time filter: from the newest page down to what is already covered.
 *
 * The walk ends with the first page that lies wholly at or before the oldest missing moment. That is the newest page of
 * the earlier collection, so rows that came late into it are found, and one row with a wrong time cannot end the walk
 * early. When the venue has no more pages, everything back to the window's start is covered.
 */
export async function* walkNewestFirst(walk: Walk): AsyncGenerator<WalkedPage> {
  const { instrument, window, asOf, covered, refetch } = walk;
  const tradable = tradableWindow(instrument, window);
  const missing = tradable.to <= tradable.from ? [] : missingRanges(tradable, refetch ? [] : covered);
  const lifeless = lifelessRanges(instrument, window);
  const done = missing.length === 0 && (instrument.closed || covered.some(({ to }) => to > asOf));
  if (done) {
    if (lifeless.length > 0) yield { kind: 'trade', rows: [], order: 'newest-first', cursor: null, coverage: lifeless, requests: 0 };
    return;
  }

  const floor = missing[0]?.from ?? asOf;
  const bounds = timeBounds(instrument.opensAt, asOf, Date.now());
  const seen = new Set<string>(walk.resume === undefined ? [] : [walk.resume.last]);
  let cursor: string | null = walk.resume?.next ?? null;
  let resumed = cursor !== null;
  let stumbles = 0;
  let requests = 0;
  let oldest = asOf;

  for (let pages = 0; ; ) {
    let page: HistoryPage;
    try {
      page = await walk.fetch(cursor);
    } catch (error) {
      if (!resumed || !(error instanceof PredictLabError) || error.type !== 'BadInput') throw error;
      // the cursor of an earlier attempt is no longer known: start over
      cursor = null;
      resumed = false;
      continue;
    }
    resumed = false;
    requests += page.requests;
    const print = fingerprint(page.rows);
    const repeated = page.rows.length > 0 && seen.has(print);
    if (repeated && walk.repeats === 'end-of-paging') {
      yield {
        kind: 'trade',
        rows: [],
        order: 'newest-first',
        cursor: null,
        coverage: [{ from: Math.max(window.from, oldest), to: asOf }],
        requests,
      };
      return;
    }
    if (repeated || (page.rows.length === 0 && page.next !== null)) {
      if (++stumbles >= STUMBLES) throw outOfOrder(walk, repeated);
      // the same cursor again first: what a repeated page leads to may lie beyond the page we did not get
      if (page.next !== null && (!repeated || stumbles > SAME_CURSOR_TRIES)) cursor = page.next;
      continue;
    }
    stumbles = 0;
    seen.add(print);
    pages++;

    let newest = Number.NEGATIVE_INFINITY;
    for (const { time } of page.rows) {
      if (time === null || !isPlausible(time, bounds)) continue;
      if (time > newest) newest = time;
      if (time < oldest) oldest = time;
    }
    const reachedFloor = newest !== Number.NEGATIVE_INFINITY && newest <= floor;
    const revisited = missing.length === 0 && pages >= REVISITED_PAGES;
    const rows = rowsOfWindow(page.rows, window, bounds);
    if (page.next === null || reachedFloor || revisited) {
      const from = page.next === null ? window.from : Math.min(floor, asOf);
      const coverage = [...lifeless, { from, to: asOf }].filter((range) => range.to > range.from);
      yield { kind: 'trade', rows, order: 'newest-first', cursor: null, coverage, requests };
      return;
    }
    yield { kind: 'trade', rows, order: 'newest-first', cursor: { next: page.next, last: print }, coverage: [], requests };
    requests = 0;
    cursor = page.next;
  }
}

/**
 * Equal for pages that hold the same rows, in whatever order: the sum of a hash (FNV-1a) of each identity, in two halves. It
 * guards against a venue's stumble, not against malice.
 */
function fingerprint(rows: readonly CandidateRow[]): string {
  let low = 0;
  let high = 0;
  for (const { identity } of rows) {
    let hash = 0x811c9dc5;
    for (let i = 0; i < identity.length; i++) hash = Math.imul(hash ^ identity.charCodeAt(i), 0x01000193);
    low = (low + hash) >>> 0;
    high = (high + Math.imul(hash ^ (hash >>> 15), 0x85ebca6b)) >>> 0;
  }
  return `${rows.length}.${low.toString(36)}.${high.toString(36)}`;
}

function outOfOrder({ venue, instrument }: Walk, repeated: boolean): PredictLabError {
  const what = repeated ? 'repeats the same page of trades' : 'sends empty pages that promise more trades';
  return new PredictLabError('SourceUnavailable', `${venue} ${what} for ${instrument.id}, asked ${STUMBLES} times; trying again later`);
}
