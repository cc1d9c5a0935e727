import { PredictLabError } from '../../contracts/errors.ts';
import type { CandidateRow } from '../../contracts/market-data.ts';
import { assessTick } from '../../market/assess-tick.ts';
import { isPlausible, rowsOfWindow, type TimeBounds, timeBounds } from '../candidate.ts';
import type { CollectRequest, SourcePage, WalkSeen } from '../source.ts';
import {
  afterLastPage,
  afterPage,
  couldBeKnown,
  type PageSeen,
  planWalk,
  startWalk,
  type WalkPlan,
  type WalkState,
  withdrawnFrom,
} from './trade-walk.ts';
import { WalkProgress } from './walk-progress.ts';

/** One page of a venue's history, newest first; `next` leads to the older ones. */
export interface HistoryPage {
  readonly rows: readonly CandidateRow[];
  readonly next: string | null;
  readonly requests: number;
  /** The venue's clock when it answered; UTC epoch milliseconds. */
  readonly clock: number;
}

/** Where a walk stands after a page; small JSON. */
export interface WalkCursor {
  readonly next: string;
  /** Fingerprint of the page before `next`, by which a repeated page is recognised. */
  readonly last: string;
  /** Absent in cursors from before it was kept: then the walk starts over. */
  readonly state?: WalkState;
}

/** What is asked for of which venue, and how its pages are read. */
export interface Walk extends Pick<CollectRequest, 'instrument' | 'window' | 'asOf' | 'clock' | 'before' | 'lateness' | 'refetch'> {
  readonly venue: string;
  /** Reads the page at a cursor; null is the newest one. */
  readonly fetch: (cursor: string | null) => Promise<HistoryPage>;
  readonly resume: WalkCursor | undefined;
  /** What a page that comes again means: the venue stumbled (ask again), or its paging ends here without saying so. */
  readonly repeats: 'ask-again' | 'end-of-paging';
}

export type WalkedPage = Omit<SourcePage, 'cursor'> & { readonly cursor: WalkCursor | null };

/** Tries for a page that repeats an earlier one, and empty pages that promise more, before the venue counts as out of order. */
const STUMBLES = 5;
const SAME_CURSOR_TRIES = 3;

/**
 * Trades of a venue that has no time filter: from the newest page down to what is already covered. What is asked for, where
 * the walk ends and what it covers is decided in `trade-walk.ts`.
 */
export async function* walkNewestFirst(walk: Walk): AsyncGenerator<WalkedPage> {
  const { instrument, window, asOf, clock, before, lateness, refetch } = walk;
  const plan = planWalk({ instrument, window, asOf, clock, lateness, refetch, covered: before.covered.trade, looked: before.looked.trade });
  const lastPage = { kind: 'trade', rows: [], order: 'newest-first', cursor: null } as const;
  if (plan.depth === 'none') {
    if (plan.free.length > 0) yield { ...lastPage, coverage: plan.free, requests: 0 };
    return;
  }

  const bounds = timeBounds(instrument.opensAt, asOf, Date.now());
  const resume = walk.resume?.state === undefined ? undefined : walk.resume;
  const seen = new Set<string>(resume === undefined ? [] : [resume.last]);
  let cursor: string | null = resume?.next ?? null;
  let state = resume?.state;
  let resumed = cursor !== null;
  let stumbles = 0;
  let requests = 0;
  // of an attempt that went on in the middle it is not known before a page has shown it
  let oldest: number | null | undefined = cursor === null ? null : undefined;
  const progress = new WalkProgress();

  for (;;) {
    let page: HistoryPage;
    try {
      page = await walk.fetch(cursor);
    } catch (error) {
      if (!resumed || !(error instanceof PredictLabError) || error.type !== 'BadInput') throw error;
      // the cursor of an earlier attempt is no longer known: start over
      cursor = null;
      state = undefined;
      // what was met before it is looked at again, like everything
      seen.clear();
      resumed = false;
      continue;
    }
    resumed = false;
    requests += page.requests;
    state ??= startWalk(plan, page.clock);
    const print = fingerprint(page.rows);
    const repeated = page.rows.length > 0 && seen.has(print);
    if (repeated && walk.repeats === 'end-of-paging') {
      yield { ...lastPage, coverage: afterLastPage(plan, state), requests, walked: seenBy(plan, state, true) };
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

    const looked = await look(walk, plan, page, bounds);
    const step = afterPage(plan, state, looked.seen);
    // a paging that ends by repeating itself is bounded by that
    const stuck = walk.repeats === 'ask-again' ? progress.take(page.rows, page.next, looked.oldest) : undefined;
    if (stuck !== undefined && !step.ended) throw pagingChanged(walk, stuck);
    const rows = rowsOfWindow(page.rows, window, bounds);
    oldest = page.rows.length === 0 ? oldest : looked.oldest;
    if (step.ended && page.next === null && (await isCutOff(walk, plan, oldest))) {
      const problems = [cutOff(walk, oldest)];
      const coverage = oldest === null ? plan.free : afterLastPage(plan, step.state);
      yield { ...lastPage, rows, coverage, requests, problems, ...(oldest !== null && { walked: seenBy(plan, step.state, false) }) };
      return;
    }
    if (step.ended) {
      yield { ...lastPage, rows, coverage: step.coverage, requests, walked: seenBy(plan, step.state, step.complete) };
      return;
    }
    state = step.state;
    if (walk.repeats === 'end-of-paging' && page.next !== null && page.next === cursor) {
      // the last page there is: it fills from above while trades come in, so that it may never repeat itself
      yield { ...lastPage, rows, coverage: afterLastPage(plan, state), requests, walked: seenBy(plan, state, true) };
      return;
    }
    yield { kind: 'trade', rows, order: 'newest-first', cursor: { next: page.next ?? '', last: print, state }, coverage: [], requests };
    requests = 0;
    cursor = page.next;
  }
}

const seenBy = (plan: WalkPlan, state: WalkState, complete: boolean): WalkSeen => ({
  looked: complete ? state.looked : null,
  newest: state.newest,
  lateBy: state.lateBy,
  withdrawnFrom: withdrawnFrom(plan, state),
});

/**
 * Whether the end of a venue's history is none: it lies above the oldest moment that is missing, and older trades of it are stored. An empty
 * list of a market that has been traded is the plainest case.
 */
async function isCutOff({ before }: Walk, { floor }: WalkPlan, oldest: number | null | undefined): Promise<boolean> {
  if (oldest === undefined || (oldest !== null && oldest <= floor)) return false;
  return await before.hasTradesBefore(oldest ?? Number.POSITIVE_INFINITY);
}

function cutOff({ venue, instrument: { id } }: Walk, oldest: number | null | undefined): string {
  if (oldest === null || oldest === undefined)
    return `${id}: ${venue} shows no trades at all, though it has shown some before: none of the time counts as collected; it is asked again`;
  return `${id}: ${venue} shows no trades before ${new Date(oldest).toISOString()}, though it has shown older ones: what it left out does not count as collected; it is asked again`;
}

/** What a page says about the venue: how far it reaches, and which of its good rows earlier runs should have had. */
async function look(
  { instrument, asOf, before }: Walk,
  plan: WalkPlan,
  page: HistoryPage,
  bounds: TimeBounds,
): Promise<{ seen: PageSeen; oldest: number | null }> {
  let oldest: number | null = null;
  let newest: number | null = null;
  const facts = { market: instrument.market, opensAt: instrument.opensAt, tickSize: instrument.tickSize, asOf };
  const old: CandidateRow[] = [];
  for (const row of page.rows) {
    const { time } = row;
    if (time === null || !isPlausible(time, bounds)) continue;
    oldest = Math.min(oldest ?? time, time);
    newest = Math.max(newest ?? time, time);
    // what is quarantined never becomes known
    if (time >= plan.window.from && couldBeKnown(plan, time) && assessTick(row, facts).verdict === 'ok') old.push(row);
  }
  const stored = old.length === 0 ? [] : await before.isStored(old);
  const unknown = old.flatMap(({ time }, index) => (stored[index] || time === null ? [] : [time]));
  return { seen: { newest, more: page.next !== null, unknown }, oldest };
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

const pagingChanged = ({ venue, instrument }: Walk, what: string): PredictLabError =>
  new PredictLabError(
    'SourceSchemaChanged',
    `${venue} changed its paging of trades: it sends ${what} for ${instrument.id}, so what is older cannot be reached; PredictLab needs an update`,
  );
