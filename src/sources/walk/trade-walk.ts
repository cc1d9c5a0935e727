import type { TimeRange } from '../../contracts/market-data.ts';
import { latenessFrom, MOST_LATENESS_MS, UNSEEN_LATENESS_MS } from '../../market/lateness.ts';
import { endOf, type Life, lifelessAfter, lifelessBefore, tradableWindow } from '../catalogue/market-life.ts';
import type { CoveredRange } from '../source.ts';
import { isWithin, missingRanges } from './time-ranges.ts';

export interface WalkQuestion {
  readonly instrument: Life;
  readonly window: TimeRange;
  readonly asOf: number;
  /** The venue's clock before the walk. */
  readonly clock: number;
  /** Ranges that earlier runs covered; merged and sorted. */
  readonly covered: readonly TimeRange[];
  /** Time of the latest look of an earlier run; null without one. */
  readonly looked: number | null;
  /** Expected lateness of rows in milliseconds. */
  readonly lateness: number;
  readonly refetch: boolean;
  /** Oldest time that the venue shows; null where it shows all. */
  readonly horizon?: number | null;
  /** Ranges whose trades contradict the venue's own totals and that were walked again recently: neither claimed nor walked now. */
  readonly doubted?: readonly TimeRange[];
  /** Whether to re-read covered time as a second look. @default false */
  readonly sampled?: boolean;
}

/** The plan of a walk from the newest trade down. */
export interface WalkPlan extends WalkQuestion {
  /** `none`: nothing is missing; `glance`: one or two pages, right after another run; `whole`: down to the covered time. */
  readonly depth: 'none' | 'glance' | 'whole';
  /** The oldest time that is not covered. */
  readonly floor: number;
  /** Ranges that are covered without a request: before the market opened and after it ended. */
  readonly free: readonly CoveredRange[];
}

/** State of a walk; small JSON, so that another attempt can continue it. */
export interface WalkState {
  readonly pages: number;
  /** Time up to which the newest page shows trades: `asOf`, or the venue's clock if that is behind. */
  readonly looked: number;
  /** The venue's clock when it answered the newest page. */
  readonly clock: number;
  readonly newest: number | null;
  /** Time of the newest trade on the page that was read last; absent until a page has a trade. */
  readonly lastPage?: number;
  readonly lateBy: number;
  /** Number of rows that were missing in covered time and are too old to be merely late: earlier claims were wrong. */
  readonly missed: number;
  /** Number of pages of a second look, after the page at which the walk would have ended. */
  readonly extra: number;
}

/** Facts about one page, derived from its rows with plausible times. */
export interface PageSeen {
  readonly newest: number | null;
  /** Whether the venue has older pages. */
  readonly more: boolean;
  /** Time after which the page has every trade, for a page read together with those of other markets; -Infinity when it has all. */
  readonly after?: number;
  /** Times of rows that earlier runs should have stored but did not (see `couldBeKnown`). */
  readonly unknown: readonly number[];
}

export type WalkStep =
  | { readonly ended: false; readonly state: WalkState }
  | {
      readonly ended: true;
      readonly state: WalkState;
      readonly coverage: readonly CoveredRange[];
      /** Whether the walk read everything that the venue showed at `looked`. */
      readonly complete: boolean;
    };

/** Missing time up to this length at the end of the covered time is left to the next run. */
const RIGHT_AFTER_MS = 60_000;
/** Maximum number of pages of a glance: the newest page, and the next one if new rows moved known rows down. */
const GLANCED_PAGES = 2;
/** Maximum number of pages of a second look that finds no missing row. */
const SAMPLED_PAGES = 10;

/**
 * Plans a walk. Coverage reaches to `asOf` less the venue's lateness; later time is read in every run and claimed by a later run.
 * A market whose end is covered is not queried again.
 */
export function planWalk(question: WalkQuestion): WalkPlan {
  const { instrument, window, asOf, lateness, refetch, looked, horizon, doubted = [] } = question;
  const covered = refetch ? [] : joined(question.covered, doubted);
  const whole = tradableWindow(instrument, window);
  const tradable = { ...whole, from: Math.min(whole.to, Math.max(whole.from, horizon ?? whole.from)) };
  const before = inferred(lifelessBefore(instrument, window));
  const missing = missingUpTo(tradable, tradable.to, covered);
  const isOver = endOf(instrument) !== null && tradable.to < window.to;
  // More looks after the market's end, because late rows may lie in covered time: one after the market is seen closed, one after its result
  // is confirmed, and one after twice the lateness, which is as far as the walks of an open market read back.
  const { seenClosedAt = Number.NEGATIVE_INFINITY, confirmedAt = seenClosedAt } = instrument;
  const lateUntil = tradable.to + 2 * lateness;
  const isLateDue = tradable.to > tradable.from && looked !== null && looked < lateUntil && lateUntil <= seenUntil(question);
  const lastLook = isOver && (isLateDue || (looked ?? Number.NEGATIVE_INFINITY) < Math.max(seenClosedAt, confirmedAt));
  if (missing.length === 0 && (isOver ? !lastLook : covered.some(({ to }) => to > asOf))) {
    return { ...question, depth: 'none', floor: asOf, free: [...before, ...inferred(lifelessAfter(instrument, window))] };
  }
  const settled = seenUntil(question) - lateness;
  const claimable = missingUpTo(tradable, settled, covered);
  // A first look leaves up to an hour unclaimed, so a run right after it finds up to an hour missing; longer missing time is a gap.
  const justLooked = looked !== null && Math.abs(seenUntil(question) - looked) < RIGHT_AFTER_MS;
  const glanced = justLooked ? UNSEEN_LATENESS_MS : RIGHT_AFTER_MS;
  const isRightAfter = claimable.every(({ from, to }) => to === settled && to - from < glanced);
  const glance = isRightAfter && !refetch && !lastLook && looked !== null && !(isOver && settled >= tradable.to);
  const unseen = claimable[0]?.from ?? Math.max(tradable.from, settled);
  // Time after the market's end is covered without a look: a trade in it shows that the market had not ended.
  const floor = lastLook ? Math.max(tradable.from, Math.min(unseen, (looked ?? tradable.from) - lateness)) : unseen;
  return { ...question, depth: glance ? 'glance' : 'whole', floor, free: before };
}

/** Time up to which a run sees the venue: `asOf`, or the venue's clock if that is behind by no more than the largest lateness. */
export const seenUntil = ({ asOf, clock }: { asOf: number; clock: number }): number =>
  asOf - clock > MOST_LATENESS_MS ? asOf : Math.min(asOf, clock);

const missingUpTo = ({ from, to }: TimeRange, end: number, covered: readonly TimeRange[]): readonly TimeRange[] =>
  missingRanges({ from, to: Math.max(from, Math.min(to, end)) }, covered).filter((range) => range.to > range.from);

/** Ranges as coverage with the evidence `inferred`: the market was not open, so there are no trades. */
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

/** State of a walk that has read no page yet. */
export const startWalk = (plan: WalkPlan, clock: number): WalkState => ({
  pages: 0,
  looked: seenUntil({ asOf: plan.asOf, clock }),
  // A clock that is years ahead is broken.
  clock: clock > plan.clock + MOST_LATENESS_MS ? plan.clock : clock,
  newest: null,
  lateBy: 0,
  missed: 0,
  extra: 0,
});

/**
 * Whether a row of this time would be stored if the venue had shown it at the last look; rows in gaps or too old to be merely late do not
 * count.
 */
export function couldBeKnown({ covered, looked, refetch }: WalkQuestion, time: number): boolean {
  if (refetch || looked === null || time > looked) return false;
  const last = covered.at(-1);
  const isInTail = last !== undefined && time >= last.to && looked - last.to <= MOST_LATENESS_MS;
  return isInTail || isWithin(time, covered);
}

/**
 * Advances a walk by one page. The walk ends with the first page entirely before the oldest missing time less the venue's lateness that has
 * no row missing in storage: this finds late rows, and a single wrong time cannot end the walk. A walk that finds missing rows older than
 * any lateness reads its whole window. When the venue has no more pages, everything back to the window's start is covered.
 */
export function afterPage(plan: WalkPlan, before: WalkState, page: PageSeen): WalkStep {
  const ages = page.unknown.map((time) => (plan.looked ?? time) - time);
  const late = ages.filter((lateBy) => lateBy <= MOST_LATENESS_MS);
  const seen: WalkState = {
    ...before,
    pages: before.pages + 1,
    newest: before.newest === null ? page.newest : Math.max(before.newest, page.newest ?? before.newest),
    lastPage: page.after !== undefined && Number.isFinite(page.after) ? page.after : (page.newest ?? before.lastPage),
    lateBy: Math.max(before.lateBy, ...late),
    missed: before.missed + ages.length - late.length,
  };
  const reach = Math.max(plan.window.from, plan.floor - latenessOf(plan, seen));
  const below = page.after ?? page.newest;
  const isBelow = below !== null && below <= reach;
  const isWhole = below !== null && below <= plan.window.from;
  const reached = isWhole || (isBelow && page.unknown.length === 0);
  if (!page.more) return { ended: true, state: seen, complete: true, coverage: claims(plan, seen, plan.window.from, plan.window.from) };
  const isSecondLook =
    reached && !isWhole && (seen.missed > 0 || (plan.sampled === true && page.after === undefined && seen.extra < SAMPLED_PAGES));
  const state = isSecondLook ? { ...seen, extra: seen.extra + 1 } : seen;
  const shown = (state.lastPage ?? plan.asOf) + 1;
  if (reached && !isSecondLook) return { ended: true, state, complete: true, coverage: claims(plan, state, plan.floor, shown) };
  if (plan.depth === 'glance' && !reached && state.missed === 0 && state.pages >= GLANCED_PAGES)
    return { ended: true, state, complete: false, coverage: plan.free };
  return { ended: false, state };
}

/** Coverage of a walk whose paging ended early: the time after the newest row of the last page, whose older rows may be late ones. */
export const afterLastPage = (plan: WalkPlan, state: WalkState): readonly CoveredRange[] => {
  const from = Math.max(plan.window.from, (state.lastPage ?? plan.asOf) + 1);
  return claims(plan, state, from, from);
};

/**
 * Time from which earlier claims are withdrawn, because they assumed a smaller lateness than rows have now; null where none is.
 * Only the latest look may withdraw coverage, because a look with an earlier `asOf` lacks later rows.
 */
export function withdrawnFrom(plan: WalkPlan, state: WalkState): number | null {
  const settled = state.looked - latenessOf(plan, state);
  const isLatest = state.looked >= (plan.looked ?? Number.NEGATIVE_INFINITY);
  return isLatest && plan.covered.some(({ to }) => to > settled) ? settled : null;
}

/** Expected lateness in milliseconds, including the late rows of this walk. */
const latenessOf = ({ lateness }: WalkPlan, { lateBy }: WalkState): number => Math.max(lateness, latenessFrom(lateBy));

/**
 * Time up to which a walk may claim coverage. The first look at a market cannot know how late rows appear, so it claims the last hour only
 * up to the newest trade less the lateness.
 */
function settledAt(plan: WalkPlan, state: WalkState): number {
  const late = latenessOf(plan, state);
  const settled = state.looked - late;
  const isFirst = plan.looked === null || Math.abs(state.looked - plan.looked) < RIGHT_AFTER_MS;
  if (!isFirst) return settled;
  // The plan has this machine's clock if the venue had not answered this process yet.
  const now = Math.max(state.looked, state.clock);
  return Math.min(settled, Math.max((state.newest ?? Number.NEGATIVE_INFINITY) - late, now - UNSEEN_LATENESS_MS));
}

/**
 * Coverage of a walk that is complete down to `from`; covered time that it read again down to `shown` without a missing row is confirmed.
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

/** Covered time that this walk has read again, down to `shown`, without a missing row. */
function secondLook(plan: WalkPlan, state: WalkState, shown: number): CoveredRange[] {
  if (state.missed > 0 || plan.refetch) return [];
  const to = Math.min(plan.window.to, state.looked - latenessOf(plan, state));
  return plan.covered
    .map((range) => ({ from: Math.max(range.from, shown, plan.window.from), to: Math.min(range.to, to), evidence: 'confirmed' as const }))
    .filter((range) => range.to > range.from);
}
