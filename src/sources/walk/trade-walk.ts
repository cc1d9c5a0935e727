import type { TimeRange } from '../../contracts/market-data.ts';
import { latenessFrom, MOST_LATENESS_MS, UNSEEN_LATENESS_MS } from '../../market/lateness.ts';
import { endOf, type Life, lifelessAfter, lifelessBefore, tradableWindow } from '../catalogue/market-life.ts';
import type { CoveredRange } from '../source.ts';
import { isWithin, missingRanges } from './time-ranges.ts';

/** What a walk is planned from, before the venue is queried for trades. */
export interface WalkQuestion {
  readonly instrument: Life;
  readonly window: TimeRange;
  readonly asOf: number;
  /** The venue's clock before the walk. */
  readonly clock: number;
  /** Merged and sorted. */
  readonly covered: readonly TimeRange[];
  /** The latest moment at which an earlier run looked. */
  readonly looked: number | null;
  /** How late rows are expected, in milliseconds. */
  readonly lateness: number;
  readonly refetch: boolean;
  /** The venue shows nothing older than this; null where it shows all. */
  readonly horizon?: number | null;
  /** Ranges that a second witness contradicts and that were walked again lately: not claimed, and not walked again now. */
  readonly doubted?: readonly TimeRange[];
  /** Whether to re-read covered time as a second look. @default false */
  readonly sampled?: boolean;
}

/** How a walk from the newest trade down will go. */
export interface WalkPlan extends WalkQuestion {
  /** `none`: everything is known; `glance`: a run right after another reads a page or two; `whole`: down to what is covered. */
  readonly depth: 'none' | 'glance' | 'whole';
  /** The oldest moment that is not covered. */
  readonly floor: number;
  /** Covered without a request: before the market opened, after it ended. */
  readonly free: readonly CoveredRange[];
}

/** What a walk has seen so far; small JSON, so that another attempt can continue it. */
export interface WalkState {
  readonly pages: number;
  /** The instant at which the newest page was read: `asOf`, or the venue's clock where that is behind. */
  readonly looked: number;
  /** The venue's clock when it answered the newest page. */
  readonly clock: number;
  readonly newest: number | null;
  /** The newest trade of the page that was read last; absent until a page has a trade. */
  readonly lastPage?: number;
  readonly lateBy: number;
  /** Rows of covered time that were missing and are older than any lateness: earlier claims were wrong. */
  readonly missed: number;
  /** Pages of a second look below the point at which the walk would have ended. */
  readonly extra: number;
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
      readonly coverage: readonly CoveredRange[];
      /** Nothing younger than `looked` was left out. */
      readonly complete: boolean;
    };

/** A shorter stretch that is missing at the end of what is covered is left to the next run. */
const RIGHT_AFTER_MS = 60_000;
/** Pages that a glance reads: the newest one, and one more where new rows pushed it down. */
const GLANCED_PAGES = 2;
/** Pages that a second look reads at most, as long as it finds nothing missing. */
const SAMPLED_PAGES = 10;

/**
 * Plans what to read. Coverage reaches to `asOf` less the venue's lateness; what is younger is read in every run and claimed by a
 * later one. A market whose end is covered is not queried again. Nothing older than the venue's horizon is read or claimed.
 */
export function planWalk(question: WalkQuestion): WalkPlan {
  const { instrument, window, asOf, lateness, refetch, looked, horizon, doubted = [] } = question;
  const covered = refetch ? [] : joined(question.covered, doubted);
  const whole = tradableWindow(instrument, window);
  const tradable = { ...whole, from: Math.min(whole.to, Math.max(whole.from, horizon ?? whole.from)) };
  const before = inferred(lifelessBefore(instrument, window));
  const missing = missingUpTo(tradable, tradable.to, covered);
  const isOver = endOf(instrument) !== null && tradable.to < window.to;
  // one more look once it is seen closed, and once its result has stood: what came late may lie in time that was covered before
  const { seenClosedAt = Number.NEGATIVE_INFINITY, confirmedAt = seenClosedAt } = instrument;
  const lastLook = isOver && (looked ?? Number.NEGATIVE_INFINITY) < Math.max(seenClosedAt, confirmedAt);
  if (missing.length === 0 && (isOver ? !lastLook : covered.some(({ to }) => to > asOf))) {
    return { ...question, depth: 'none', floor: asOf, free: [...before, ...inferred(lifelessAfter(instrument, window))] };
  }
  const settled = seenUntil(question) - lateness;
  const claimable = missingUpTo(tradable, settled, covered);
  // a first look leaves up to an hour unclaimed, so a run right after it finds that much missing; anything longer is a hole
  const justLooked = looked !== null && Math.abs(seenUntil(question) - looked) < RIGHT_AFTER_MS;
  const glanced = justLooked ? UNSEEN_LATENESS_MS : RIGHT_AFTER_MS;
  const isRightAfter = claimable.every(({ from, to }) => to === settled && to - from < glanced);
  const glance = isRightAfter && !refetch && !lastLook && looked !== null && !(isOver && settled >= tradable.to);
  const unseen = claimable[0]?.from ?? Math.max(tradable.from, settled);
  // time that is covered because the market had ended was not looked at: a trade in it shows that the market had not ended
  const floor = lastLook ? Math.max(tradable.from, Math.min(unseen, looked ?? tradable.from)) : unseen;
  return { ...question, depth: glance ? 'glance' : 'whole', floor, free: before };
}

/** Moment up to which a run sees the venue: its own instant, or the venue's clock where that is behind. A clock further behind than any lateness is broken and ignored. */
export const seenUntil = ({ asOf, clock }: { asOf: number; clock: number }): number =>
  asOf - clock > MOST_LATENESS_MS ? asOf : Math.min(asOf, clock);

const missingUpTo = ({ from, to }: TimeRange, end: number, covered: readonly TimeRange[]): readonly TimeRange[] =>
  missingRanges({ from, to: Math.max(from, Math.min(to, end)) }, covered).filter((range) => range.to > range.from);

/** Ranges whose evidence is a conclusion: the market was not open. */
export const inferred = (ranges: readonly TimeRange[]): CoveredRange[] => ranges.map((range) => ({ ...range, evidence: 'inferred' }));

const joined = (covered: readonly TimeRange[], more: readonly TimeRange[]): readonly TimeRange[] => {
  if (more.length === 0) return covered;
  const merged: { from: number; to: number }[] = [];
  for (const range of [...covered, ...more].sort((a, b) => a.from - b.from)) {
    const last = merged.at(-1);
    if (last !== undefined && range.from <= last.to) last.to = Math.max(last.to, range.to);
    else merged.push({ ...range });
  }
  return merged;
};

/** A walk that has read nothing yet. */
export const startWalk = (plan: WalkPlan, clock: number): WalkState => ({
  pages: 0,
  looked: seenUntil({ asOf: plan.asOf, clock }),
  // a clock that is years ahead is broken
  clock: clock > plan.clock + MOST_LATENESS_MS ? plan.clock : clock,
  newest: null,
  lateBy: 0,
  missed: 0,
  extra: 0,
});

/**
 * Whether a row of this time would be known if the venue had shown it at the last look. A gap says nothing about lateness, nor
 * does a row that is older than any lateness.
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
 * in a row, and one wrong time cannot end the walk early. A walk that finds rows missing which are older than any lateness reads
 * its whole window, since earlier claims were wrong. When the venue has no more, everything back to the window's start is covered.
 */
export function afterPage(plan: WalkPlan, before: WalkState, page: PageSeen): WalkStep {
  const ages = page.unknown.map((time) => (plan.looked ?? time) - time);
  const late = ages.filter((lateBy) => lateBy <= MOST_LATENESS_MS);
  const seen: WalkState = {
    ...before,
    pages: before.pages + 1,
    newest: before.newest === null ? page.newest : Math.max(before.newest, page.newest ?? before.newest),
    lastPage: page.newest ?? before.lastPage,
    lateBy: Math.max(before.lateBy, ...late),
    missed: before.missed + ages.length - late.length,
  };
  const reach = Math.max(plan.window.from, plan.floor - latenessOf(plan, seen));
  const isBelow = page.newest !== null && page.newest <= reach;
  const isWhole = page.newest !== null && page.newest <= plan.window.from;
  const reached = isWhole || (isBelow && page.unknown.length === 0);
  if (!page.more) return { ended: true, state: seen, complete: true, coverage: claims(plan, seen, plan.window.from, plan.window.from) };
  const isSecondLook = reached && !isWhole && (seen.missed > 0 || (plan.sampled === true && seen.extra < SAMPLED_PAGES));
  const state = isSecondLook ? { ...seen, extra: seen.extra + 1 } : seen;
  const shown = (state.lastPage ?? plan.asOf) + 1;
  if (reached && !isSecondLook) return { ended: true, state, complete: true, coverage: claims(plan, state, plan.floor, shown) };
  if (plan.depth === 'glance' && !reached && state.missed === 0 && state.pages >= GLANCED_PAGES)
    return { ended: true, state, complete: false, coverage: plan.free };
  return { ended: false, state };
}

/**
 * Where paging ends without an end, only what was met is covered: what is newer than the last page's newest row. Older rows may be
 * there because they came late, and say nothing of the time between.
 */
export const afterLastPage = (plan: WalkPlan, state: WalkState): readonly CoveredRange[] => {
  const from = Math.max(plan.window.from, (state.lastPage ?? plan.asOf) + 1);
  return claims(plan, state, from, from);
};

/**
 * The moment from which earlier claims are withdrawn, or null: they held back less than rows are late by now. Only the latest look
 * may withdraw; one as of the past says nothing about what came after it.
 */
export function withdrawnFrom(plan: WalkPlan, state: WalkState): number | null {
  const settled = state.looked - latenessOf(plan, state);
  const isLatest = state.looked >= (plan.looked ?? Number.NEGATIVE_INFINITY);
  return isLatest && plan.covered.some(({ to }) => to > settled) ? settled : null;
}

/** How late rows are expected after what this walk has met. */
const latenessOf = ({ lateness }: WalkPlan, { lateBy }: WalkState): number => Math.max(lateness, latenessFrom(lateBy));

/**
 * Moment up to which a walk may claim that nothing is missing. The first look at a market (and another right after it) has no earlier one to
 * show how late rows come, so it claims the last hour only up to the newest trade there is, less the lateness.
 */
function settledAt(plan: WalkPlan, state: WalkState): number {
  const late = latenessOf(plan, state);
  const settled = state.looked - late;
  const isFirst = plan.looked === null || Math.abs(state.looked - plan.looked) < RIGHT_AFTER_MS;
  if (!isFirst) return settled;
  // the plan's clock is our own where the venue had not answered this process yet
  const now = Math.max(state.looked, state.clock);
  return Math.min(settled, Math.max((state.newest ?? Number.NEGATIVE_INFINITY) - late, now - UNSEEN_LATENESS_MS));
}

/**
 * What a walk that is complete down to `from` may claim. Time that was covered before and that it has read again down to `shown`
 * without a missing row is confirmed.
 */
function claims(plan: WalkPlan, state: WalkState, from: number, shown: number): readonly CoveredRange[] {
  const { window, instrument, horizon, doubted = [] } = plan;
  const end = endOf(instrument);
  const settled = settledAt(plan, state);
  const ended = end !== null && settled >= end && (state.newest ?? end) <= end;
  const after = ended ? inferred(lifelessAfter(instrument, window)) : [];
  const walked = { from: Math.max(from, horizon ?? from), to: Math.min(window.to, settled) };
  return [...plan.free, ...without(walked, doubted), ...secondLook(plan, state, shown), ...after].filter((range) => range.to > range.from);
}

const without = (range: TimeRange, doubted: readonly TimeRange[]): readonly TimeRange[] =>
  doubted.length === 0 || range.to <= range.from ? [range] : missingRanges(range, joined([], doubted));

/** The covered time that this walk has read again, down to `shown`, without finding a row missing. */
function secondLook(plan: WalkPlan, state: WalkState, shown: number): CoveredRange[] {
  if (state.missed > 0 || plan.refetch) return [];
  const to = Math.min(plan.window.to, state.looked - latenessOf(plan, state));
  return plan.covered
    .map((range) => ({ from: Math.max(range.from, shown, plan.window.from), to: Math.min(range.to, to), evidence: 'confirmed' as const }))
    .filter((range) => range.to > range.from);
}
