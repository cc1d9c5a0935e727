import { PredictLabError } from '../../contracts/errors.ts';
import type { CandidateRow } from '../../contracts/market-data.ts';
import { assessTick } from '../../market/assess-tick.ts';
import { isPlausible, rowsOfWindow, type TimeBounds, timeBounds } from '../candidate.ts';
import type { CollectRequest, SourcePage, WalkSeen } from '../source.ts';
import { MarketSchemaChanged } from './market-schema-changed.ts';
import { PageSeam, TradeOrder, WalkProgress } from './page-seam.ts';
import {
  afterLastPage,
  afterPage,
  type PageSeen,
  planWalk,
  startWalk,
  type WalkPlan,
  type WalkState,
  wasListed,
  withdrawnFrom,
} from './trade-walk.ts';

/** One page of a venue's trades, newest first. `next` is the cursor to the next, older page. */
export interface HistoryPage {
  readonly rows: readonly CandidateRow[];
  readonly next: string | null;
  readonly requests: number;
  /** The venue's clock when it answered; UTC epoch milliseconds. */
  readonly clock: number;
}

export interface WalkCursor {
  readonly next: string;
  /** Fingerprint of the last page before `next`, which identifies a repeated page. */
  readonly last: string;
  readonly state: WalkState;
}

export interface Walk
  extends Pick<CollectRequest, 'instrument' | 'window' | 'asOf' | 'clock' | 'before' | 'lateness' | 'refetch' | 'sampled' | 'shared'> {
  readonly venue: string;
  /** Time span before now for which the venue shows trades, in milliseconds; null where it shows all. @default null */
  readonly horizonMs?: number | null;
  /** Reads the page at a cursor, or the newest page for null. */
  readonly fetch: (cursor: string | null) => Promise<HistoryPage>;
  readonly resume: WalkCursor | undefined;
  /** Meaning of a repeated page: `retry` for a mistake of the venue, `end-of-paging` for its way to end the paging. */
  readonly repeats: 'retry' | 'end-of-paging';
  /** Knowledge of this process about the order of the venue's trades within a second. @default none */
  readonly order?: TradeOrder;
}

export type WalkedPage = Omit<SourcePage, 'cursor'> & { readonly cursor: WalkCursor | null };

/** Number of consecutive bad pages (repeated, or empty with a cursor to more) after which the venue's paging counts as broken. */
const MAX_BAD_PAGES = 5;
/** Number of tries with the same cursor after a repeated page; then the next cursor of that page is used. */
const SAME_CURSOR_TRIES = 3;
/** Stands for the next cursor of a shared page that does not have all trades; it is never sent. */
const SHARED = 'shared';
/** Number of times that a walk starts again because the venue no longer accepts its cursor. */
const RESTARTS = 2;

/** Streams trades from the newest page down to the covered time, for routes that cannot filter by time. */
export async function* walkNewestFirst(walk: Walk): AsyncGenerator<WalkedPage> {
  const { instrument, window, asOf, clock, before, lateness, refetch, sampled, resume, horizonMs = null, order = new TradeOrder() } = walk;
  const horizon = horizonMs === null ? null : Math.max(asOf, clock) - horizonMs;
  const plan = planWalk({
    instrument,
    window,
    asOf,
    clock,
    lateness,
    refetch,
    covered: before.covered.trade,
    looked: before.looked.trade,
    horizon,
    doubted: before.doubted,
    sampled,
  });
  const lastPage = { kind: 'trade', rows: [], order: 'newest-first', cursor: null } as const;
  if (plan.depth === 'none') {
    if (plan.free.length > 0) yield { ...lastPage, coverage: plan.free, requests: walk.shared?.requests ?? 0 };
    return;
  }

  // where the shared page does not reach back to covered time, this market's own pages are read instead
  let shared =
    resume === undefined && walk.shared !== undefined && walk.shared.after < Math.max(window.from, plan.floor - lateness)
      ? walk.shared
      : undefined;
  const bounds = timeBounds(instrument.opensAt, asOf, Date.now());
  const seen = new Set<string>(resume === undefined ? [] : [resume.last]);
  let cursor: string | null = resume?.next ?? null;
  let state = resume?.state;
  let restarts = 0;
  let badPages = 0;
  let requests = shared === undefined ? (walk.shared?.requests ?? 0) : 0;
  let hasValidRow = state !== undefined;
  // Oldest time on the previous page; undefined in a resumed walk until a page has been read.
  let oldest: number | null | undefined = cursor === null ? null : undefined;
  let progress = new WalkProgress();
  // A glance (newest pages only) claims no time, so the boundaries between its pages are not checked.
  let seam = walk.repeats === 'retry' && plan.depth === 'whole' ? new PageSeam(order) : undefined;
  /** Starts the walk again from the newest page. */
  const startOver = (): void => {
    cursor = null;
    state = undefined;
    seen.clear();
    progress = new WalkProgress();
    seam &&= new PageSeam(order);
  };

  for (;;) {
    let page: HistoryPage;
    try {
      page = shared === undefined ? await walk.fetch(cursor) : { ...shared, next: Number.isFinite(shared.after) ? SHARED : null };
    } catch (error) {
      if (cursor === null || !(error instanceof PredictLabError) || error.type !== 'BadInput') throw error;
      if (++restarts > RESTARTS) throw cursorsExpire(walk, error);
      // The venue no longer accepts the cursor.
      startOver();
      continue;
    }
    requests += page.requests;
    state ??= startWalk(plan, page.clock);
    const print = fingerprint(page.rows);
    const repeated = page.rows.length > 0 && seen.has(print);
    if (repeated && walk.repeats === 'end-of-paging') {
      yield { ...lastPage, coverage: afterLastPage(plan, state), requests, walked: seenBy(plan, state, true) };
      return;
    }
    if (repeated || (page.rows.length === 0 && page.next !== null && shared === undefined)) {
      if (++badPages >= MAX_BAD_PAGES) throw outOfOrder(walk, repeated);
      // The same cursor is tried first, because the next cursor of a repeated page may skip the page that should have come.
      if (page.next !== null && (!repeated || badPages > SAME_CURSOR_TRIES)) cursor = page.next;
      continue;
    }
    badPages = 0;
    seen.add(print);
    refuseForeignRows(walk, page.rows, hasValidRow);
    hasValidRow ||= page.rows.some(({ defect }) => defect === null);
    if (seam !== undefined) {
      const reread = await seam.take(cursor, page, walk.fetch);
      requests += reread.requests;
      if (reread.restart) {
        startOver();
        continue;
      }
      if (reread.rows.length > 0) page = { ...page, rows: [...reread.rows, ...page.rows] };
    }

    const looked = await look(walk, plan, page, bounds);
    const step = afterPage(plan, state, shared === undefined ? looked.seen : { ...looked.seen, after: shared.after });
    const wasShared = shared !== undefined;
    shared = undefined;
    if (wasShared && !step.ended) {
      startOver();
      continue;
    }
    // A venue that ends its paging by repeating pages would look stuck at its end, so its progress is not checked.
    const stuck = walk.repeats === 'retry' ? progress.take(page.rows, page.next, looked.oldest) : undefined;
    if (stuck !== undefined && !step.ended) throw pagingChanged(walk, stuck);
    const rows = rowsOfWindow(page.rows, window, bounds);
    oldest = page.rows.length === 0 ? oldest : looked.oldest;
    if (step.ended) {
      const { complete } = step;
      const isCut = page.next === null && (await isCutOff(walk, plan, oldest));
      const coverage = !isCut ? step.coverage : oldest === null ? plan.free : afterLastPage(plan, step.state);
      const problems = [...(isCut ? [cutOff(walk, oldest)] : []), ...missedRows(walk, step.state), ...beyondHorizon(walk, horizon)];
      yield {
        ...lastPage,
        rows,
        coverage,
        requests,
        ...(problems.length > 0 && { problems }),
        ...(!(isCut && oldest === null) && { walked: seenBy(plan, step.state, complete && !isCut) }),
      };
      return;
    }
    state = step.state;
    if (walk.repeats === 'end-of-paging' && page.next !== null && page.next === cursor) {
      // A page that leads to itself is the last one. It may never repeat exactly, because new trades move into it.
      yield { ...lastPage, rows, coverage: afterLastPage(plan, state), requests, walked: seenBy(plan, state, true) };
      return;
    }
    yield { kind: 'trade', rows, order: 'newest-first', cursor: { next: page.next ?? '', last: print, state }, coverage: [], requests };
    requests = 0;
    cursor = page.next;
  }
}

/** Number of rows from which a page without any valid row is refused, even if earlier pages had valid ones. */
const FOREIGN_PAGE = 10;

/**
 * Refuses a page whose rows are all malformed or of another market's outcomes, so that it claims no time. Single bad rows go to quarantine.
 * @throws MarketSchemaChanged
 */
function refuseForeignRows({ venue, instrument: { id } }: Walk, rows: readonly CandidateRow[], hasValidRow: boolean): void {
  const [first] = rows;
  if (first === undefined || (hasValidRow && rows.length < FOREIGN_PAGE)) return;
  if (!rows.every(({ defect }) => defect === 'unknown-outcome' || defect === 'malformed')) return;
  const what = rows.every(({ defect }) => defect === 'malformed')
    ? 'malformed'
    : 'of outcomes that this market does not have, or malformed';
  throw new MarketSchemaChanged(
    `${id}: every one of the ${rows.length} trades on a page of ${venue} is ${what}, so nothing of this market counts as collected; example: ${first.raw.slice(0, 200)}`,
  );
}

function missedRows({ venue, instrument: { id } }: Walk, { missed }: WalkState): readonly string[] {
  if (missed === 0) return [];
  const rows = missed === 1 ? '1 trade' : `${missed} trades`;
  return [`${id}: ${venue} now shows ${rows} in time that counted as collected; all of the window was walked again`];
}

/** The problem of a window that starts before the venue's horizon; none where the market opened after the horizon. */
function beyondHorizon({ venue, instrument: { id, opensAt }, window }: Walk, horizon: number | null): readonly string[] {
  if (horizon === null || Math.max(window.from, opensAt ?? window.from) >= horizon) return [];
  return [`${id}: ${venue} shows trades only back to ${new Date(horizon).toISOString()}; older time does not count as collected`];
}

const seenBy = (plan: WalkPlan, state: WalkState, complete: boolean): WalkSeen => ({
  looked: complete ? state.looked : null,
  newest: state.newest,
  lateBy: state.lateBy,
  withdrawnFrom: withdrawnFrom(plan, state),
  missed: state.missed,
});

/** Whether a venue's history ends before it reaches the oldest missing time, although older trades within its horizon are stored. */
async function isCutOff({ before }: Walk, { floor, horizon }: WalkPlan, oldest: number | null | undefined): Promise<boolean> {
  if (oldest === undefined || (oldest !== null && oldest <= floor)) return false;
  return await before.hasTradesBefore(oldest ?? Number.POSITIVE_INFINITY, horizon ?? undefined);
}

function cutOff({ venue, instrument: { id } }: Walk, oldest: number | null | undefined): string {
  if (oldest === null || oldest === undefined)
    return `${id}: ${venue} shows no trades at all, though it has shown some before: none of the time counts as collected; the next run reads it again`;
  return `${id}: ${venue} shows no trades before ${new Date(oldest).toISOString()}, though it has shown older ones: what it left out does not count as collected; the next run reads it again`;
}

/** Evaluates a page: the range of its times, and the times of valid rows that earlier runs should have stored but did not. */
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
    // Rows that would be quarantined are never stored as ticks, so they are not missing.
    if (time >= plan.window.from && wasListed(plan, time) && assessTick(row, facts).verdict === 'ok') old.push(row);
  }
  const stored = old.length === 0 ? [] : await before.isStored(old);
  const unknown = old.flatMap(({ time }, index) => (stored[index] || time === null ? [] : [time]));
  return { seen: { newest, more: page.next !== null, unknown }, oldest };
}

/**
 * Fingerprint of a page, equal for the same rows in any order: the sum of an FNV-1a hash of each identity, in two halves. It detects
 * mistakes of a venue, not manipulation.
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
  return new PredictLabError(
    'SourceUnavailable',
    `${venue} ${what} for ${instrument.id}, queried ${MAX_BAD_PAGES} times; trying again later`,
  );
}

const cursorsExpire = ({ venue, instrument }: Walk, cause: PredictLabError): PredictLabError =>
  new PredictLabError(
    'SourceUnavailable',
    `${venue} refuses its own cursors to older trades of ${instrument.id} (${RESTARTS + 1} times): ${cause.message}; trying again later`,
    { cause },
  );

const pagingChanged = ({ venue, instrument }: Walk, what: string): PredictLabError =>
  new PredictLabError(
    'SourceSchemaChanged',
    `${venue} changed its paging of trades: it sends ${what} for ${instrument.id}, so what is older cannot be reached; PredictLab needs an update`,
  );
