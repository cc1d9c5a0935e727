import type { TimeRange } from '../../contracts/market-data.ts';
import { latenessFrom, MOST_LATENESS_MS, UNSEEN_LATENESS_MS } from '../../market/lateness.ts';
import { endOf, type Life, lifelessAfter, lifelessBefore, tradableWindow } from '../catalogue/market-life.ts';
import { isWithin, missingRanges } from './time-ranges.ts';

/** What is decided before a venue is asked for trades. */
export interface WalkQuestion {
  readonly instrument: Life;
  readonly window: TimeRange;
  readonly asOf: number;
  /** The venue's clock before the walk. */
  readonly clock: number;
  /** Merged and sorted. */
  readonly covered: readonly TimeRange[];
  /** Up to when earlier runs have looked. */
  readonly looked: number | null;
  /** How late rows of the venue are expected, in milliseconds. */
  readonly lateness: number;
  readonly refetch: boolean;
}

/** How a walk from the newest trade down will go. */
export interface WalkPlan extends WalkQuestion {
  /** `none`: everything is known; `glance`: a run right after another reads a page or two; `whole`: down to what is covered. */
  readonly depth: 'none' | 'glance' | 'whole';
  /** The oldest moment that is not covered. */
  readonly floor: number;
  /** Covered without asking. */
  readonly free: readonly TimeRange[];
}

/** What a walk has seen so far; small JSON, so that another attempt can go on with it. */
export interface WalkState {
  readonly pages: number;
  /** As of when the newest page was read: `asOf`, or the venue's clock where that is behind. */
  readonly looked: number;
  /** The venue's clock as the newest page told it; absent in a walk that an earlier version began. */
  readonly clock?: number;
  readonly newest: number | null;
  /** The newest trade of the page that was read last; absent until one has a trade. */
  readonly lastPage?: number;
  readonly lateBy: number;
}

/** What one page brought, its rows with possible times only. */
export interface PageSeen {
  readonly newest: number | null;
  /** Whether the venue has older pages. */
  readonly more: boolean;
  /** Times of rows that could have been known but were not, see `couldBeKnown`. */
  readonly unknown: readonly number[];
}

export type WalkStep =
  | { readonly ended: false; readonly state: WalkState }
  | {
      readonly ended: true;
      readonly state: WalkState;
      readonly coverage: readonly TimeRange[] /** Nothing younger than `looked` was left out. */;
      readonly complete: boolean;
    };

/** Less than this that is missing at the end of what is covered is the next run's business. */
const RIGHT_AFTER_MS = 60_000;
/** Pages that a glance reads: the newest one, and one more where new rows pushed it down. */
const GLANCED_PAGES = 2;

/**
 * What to ask for. Coverage reaches to `asOf` less the venue's lateness; what is younger is read in every run and claimed by a
 * later one. A market whose end is covered is never asked for again.
 */
export function planWalk(question: WalkQuestion): WalkPlan {
  const { instrument, window, asOf, lateness, refetch, looked } = question;
  const covered = refetch ? [] : question.covered;
  const tradable = tradableWindow(instrument, window);
  const before = lifelessBefore(instrument, window);
  const missing = missingUpTo(tradable, tradable.to, covered);
  const isOver = endOf(instrument) !== null && tradable.to < window.to;
  // one more look once it is seen closed, and once its result has stood: what came late may lie in time that was covered before
  const { seenClosedAt = Number.NEGATIVE_INFINITY, confirmedAt = seenClosedAt } = instrument;
  const lastLook = isOver && (looked ?? Number.NEGATIVE_INFINITY) < Math.max(seenClosedAt, confirmedAt);
  if (missing.length === 0 && (isOver ? !lastLook : covered.some(({ to }) => to > asOf))) {
    return { ...question, depth: 'none', floor: asOf, free: [...before, ...lifelessAfter(instrument, window)] };
  }
  const settled = seenUntil(question) - lateness;
  const claimable = missingUpTo(tradable, settled, covered);
  // a first look leaves up to an hour unclaimed, so a run right after it finds that much missing; anything longer is a hole
  const justLooked = looked !== null && Math.abs(seenUntil(question) - looked) < RIGHT_AFTER_MS;
  const glanced = justLooked ? UNSEEN_LATENESS_MS : RIGHT_AFTER_MS;
  const isRightAfter = claimable.every(({ from, to }) => to === settled && to - from < glanced);
  const glance = isRightAfter && !refetch && !lastLook && looked !== null && !(isOver && settled >= tradable.to);
  const unseen = claimable[0]?.from ?? Math.max(tradable.from, settled);
  // what is covered because the market had ended was not looked at: a trade in it shows that it had not
  const floor = lastLook ? Math.max(tradable.from, Math.min(unseen, looked ?? tradable.from)) : unseen;
  return { ...question, depth: glance ? 'glance' : 'whole', floor, free: before };
}

/** Moment up to which a run sees the venue: its own instant, or the venue's clock where that is behind. A clock further behind than any lateness is broken and ignored. */
export const seenUntil = ({ asOf, clock }: { asOf: number; clock: number }): number =>
  asOf - clock > MOST_LATENESS_MS ? asOf : Math.min(asOf, clock);

const missingUpTo = ({ from, to }: TimeRange, end: number, covered: readonly TimeRange[]): readonly TimeRange[] =>
  missingRanges({ from, to: Math.max(from, Math.min(to, end)) }, covered).filter((range) => range.to > range.from);

/** A walk that has read nothing yet. */
export const startWalk = (plan: WalkPlan, clock: number): WalkState => ({
  pages: 0,
  looked: seenUntil({ asOf: plan.asOf, clock }),
  // years ahead it is broken
  clock: clock > plan.clock + MOST_LATENESS_MS ? plan.clock : clock,
  newest: null,
  lateBy: 0,
});

/**
 * Whether a row of this time would be known if the venue had shown it when somebody looked last. A gap says nothing about
 * lateness, nor does a row that is older than any lateness.
 */
export function couldBeKnown({ covered, looked, refetch }: WalkQuestion, time: number): boolean {
  if (refetch || looked === null || time > looked) return false;
  const last = covered.at(-1);
  const isInTail = last !== undefined && time >= last.to && looked - last.to <= MOST_LATENESS_MS;
  return isInTail || isWithin(time, covered);
}

/**
 * Takes a page in. The walk ends with the first page that lies wholly at or before the oldest missing moment, and the venue's
 * lateness before that, and brings nothing that should have been known: rows that come late are found as far back as they come
 * in a row, and one wrong time cannot end the walk early. When the venue has no more, everything back to the window's start is covered.
 */
export function afterPage(plan: WalkPlan, before: WalkState, page: PageSeen): WalkStep {
  const late = page.unknown.map((time) => (plan.looked ?? time) - time).filter((lateBy) => lateBy <= MOST_LATENESS_MS);
  const state: WalkState = {
    pages: before.pages + 1,
    looked: before.looked,
    clock: before.clock,
    newest: before.newest === null ? page.newest : Math.max(before.newest, page.newest ?? before.newest),
    lastPage: page.newest ?? before.lastPage,
    lateBy: Math.max(before.lateBy, ...late),
  };
  const reach = Math.max(plan.window.from, plan.floor - latenessOf(plan, state));
  const isBelow = page.newest !== null && page.newest <= reach;
  const reached = isBelow && (page.unknown.length === 0 || reach === plan.window.from);
  if (!page.more) return { ended: true, state, complete: true, coverage: claims(plan, state, plan.window.from) };
  if (reached) return { ended: true, state, complete: true, coverage: claims(plan, state, plan.floor) };
  if (plan.depth === 'glance' && state.pages >= GLANCED_PAGES) return { ended: true, state, complete: false, coverage: plan.free };
  return { ended: false, state };
}

/**
 * Where paging ends without an end, only what was met is covered: what is newer than the last page's newest row. Older rows may be
 * there because they came late, and say nothing of the time between.
 */
export const afterLastPage = (plan: WalkPlan, state: WalkState): readonly TimeRange[] =>
  claims(plan, state, Math.max(plan.window.from, (state.lastPage ?? plan.asOf) + 1));

/**
 * From when on earlier claims are taken back, if some are: they held back less than rows are late by now. Only the latest look
 * may do so; one as of the past says nothing of what came after it.
 */
export function withdrawnFrom(plan: WalkPlan, state: WalkState): number | null {
  const settled = state.looked - latenessOf(plan, state);
  const isLatest = state.looked >= (plan.looked ?? Number.NEGATIVE_INFINITY);
  return isLatest && plan.covered.some(({ to }) => to > settled) ? settled : null;
}

/** How late rows are expected after what this walk has met. */
const latenessOf = ({ lateness }: WalkPlan, { lateBy }: WalkState): number => Math.max(lateness, latenessFrom(lateBy));

/**
 * Up to when a walk may claim that nothing is missing. The first look at a market (and another right after it) has no earlier one to
 * show how late rows come, so it claims the last hour only up to the newest trade there is, less the lateness.
 */
function settledAt(plan: WalkPlan, state: WalkState): number {
  const late = latenessOf(plan, state);
  const settled = state.looked - late;
  const isFirst = plan.looked === null || Math.abs(state.looked - plan.looked) < RIGHT_AFTER_MS;
  if (!isFirst) return settled;
  // the plan's clock is our own where the venue had not answered this process yet
  const now = Math.max(state.looked, state.clock ?? plan.clock);
  return Math.min(settled, Math.max((state.newest ?? Number.NEGATIVE_INFINITY) - late, now - UNSEEN_LATENESS_MS));
}

/** What may be claimed by a walk that is complete down to `from`. */
function claims(plan: WalkPlan, state: WalkState, from: number): readonly TimeRange[] {
  const end = endOf(plan.instrument);
  const settled = settledAt(plan, state);
  const ended = end !== null && settled >= end && (state.newest ?? end) <= end;
  const after = ended ? lifelessAfter(plan.instrument, plan.window) : [];
  return [...plan.free, { from, to: Math.min(plan.window.to, settled) }, ...after].filter((range) => range.to > range.from);
}
