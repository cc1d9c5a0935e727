import type { TimeRange } from '../../contracts/market-data.ts';
import { latenessFrom, MAX_LATENESS_MS, UNSEEN_LATENESS_MS } from '../../market/lateness.ts';
import { endOf, type Life, timeAfterEnd, timeBeforeOpening, tradableWindow } from '../catalogue/market-life.ts';
import type { CollectRequest, CoveredRange } from '../source.ts';
import { isWithin, missingRanges } from './time-ranges.ts';

export interface WalkQuestion extends Pick<CollectRequest, 'window' | 'asOf' | 'clock' | 'lateness' | 'refetch' | 'sampled'> {
  readonly instrument: Life;
  /** Ranges that earlier runs covered; merged and sorted. */
  readonly covered: readonly TimeRange[];
  /** Time up to which an earlier run has looked at the venue; null without one. */
  readonly looked: number | null;
  /** Oldest time that the venue shows; null where it shows all. */
  readonly horizon?: number | null;
  /** Ranges whose trades contradict the venue's totals and that were walked again recently: now neither read nor claimed. */
  readonly doubted?: readonly TimeRange[];
}

/** The plan of a walk from the newest trade down. */
export interface WalkPlan extends WalkQuestion {
  /** Pages to read: `none`; `glance` for one or two, right after another run; `whole` for all down to the covered time. */
  readonly depth: 'none' | 'glance' | 'whole';
  /** The oldest time that is not covered. */
  readonly floor: number;
  /** Ranges that are covered without a request: time before the market opened and after it ended. */
  readonly free: readonly CoveredRange[];
}

/** State of a walk as small JSON, with which another attempt continues it. */
export interface WalkState {
  readonly pages: number;
  /** Time up to which the newest page shows all trades: `asOf`, or the venue's clock where that is earlier. */
  readonly looked: number;
  /** The venue's clock when it answered the newest page. */
  readonly clock: number;
  readonly newest: number | null;
  /** Time of the newest trade on the last page that had trades; absent until a page has one. */
  readonly lastPage?: number;
  readonly lateBy: number;
  /** Number of rows that were missing in covered time and are older than any lateness: that time was claimed wrongly. */
  readonly missed: number;
  /** Number of pages that were read as a second look, beyond the page at which the walk would have ended. */
  readonly extra: number;
}

/** Facts about one page, from those of its rows that have plausible times. */
export interface PageSeen {
  readonly newest: number | null;
  /** Whether the venue has older pages. */
  readonly more: boolean;
  /** For a page of several markets' trades: time after which it has every trade of this market, -Infinity when it has all. */
  readonly after?: number;
  /** Times of rows that earlier runs should have stored but did not (see `wasListed`). */
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

/** A run this soon after another leaves the newest missing time to a later run; milliseconds. */
const RIGHT_AFTER_MS = 60_000;
/** Maximum number of pages of a glance: the newest page, and another one if new rows have moved known rows to it. */
const GLANCED_PAGES = 2;
/** Maximum number of pages that a second look reads if it finds no missing row. */
const SAMPLED_PAGES = 10;

/**
 * Plans a walk. A run claims time up to `asOf` less the venue's lateness; it reads later time too, but leaves the claim to a later run. A
 * market whose end is covered is not read again.
 */
export function planWalk(question: WalkQuestion): WalkPlan {
  const { instrument, window, asOf, lateness, refetch, looked, horizon, doubted = [] } = question;
  const covered = refetch ? [] : joined(question.covered, doubted);
  const whole = tradableWindow(instrument, window);
  const tradable = { ...whole, from: Math.min(whole.to, Math.max(whole.from, horizon ?? whole.from)) };
  const before = inferred(timeBeforeOpening(instrument, window));
  const missing = missingUpTo(tradable, tradable.to, covered);
  const isOver = endOf(instrument) !== null && tradable.to < window.to;
  // After a market's end there are three more looks for late rows in covered time: when the market is first seen closed, when its result is
  // confirmed, and after twice the lateness, which is as far as the walks of an open market read back.
  const { seenClosedAt = Number.NEGATIVE_INFINITY, confirmedAt = seenClosedAt } = instrument;
  const lateUntil = tradable.to + 2 * lateness;
  const isLateDue = tradable.to > tradable.from && looked !== null && looked < lateUntil && lateUntil <= seenUntil(question);
  const lastLook = isOver && (isLateDue || (looked ?? Number.NEGATIVE_INFINITY) < Math.max(seenClosedAt, confirmedAt));
  if (missing.length === 0 && (isOver ? !lastLook : covered.some(({ to }) => to > asOf))) {
    return { ...question, depth: 'none', floor: asOf, free: [...before, ...inferred(timeAfterEnd(instrument, window))] };
  }
  const settled = seenUntil(question) - lateness;
  const claimable = missingUpTo(tradable, settled, covered);
  // A first look leaves up to its newest hour unclaimed, so the run right after it finds that hour missing and glances. More missing time is a gap.
  const justLooked = looked !== null && Math.abs(seenUntil(question) - looked) < RIGHT_AFTER_MS;
  const glanced = justLooked ? UNSEEN_LATENESS_MS : RIGHT_AFTER_MS;
  const isRightAfter = claimable.every(({ from, to }) => to === settled && to - from < glanced);
  const glance = isRightAfter && !refetch && !lastLook && looked !== null && !(isOver && settled >= tradable.to);
  const unseen = claimable[0]?.from ?? Math.max(tradable.from, settled);
  // This last look also reads the time since the previous look: a trade in it shows that the market ended later than it was said to.
  const floor = lastLook ? Math.max(tradable.from, Math.min(unseen, (looked ?? tradable.from) - lateness)) : unseen;
  return { ...question, depth: glance ? 'glance' : 'whole', floor, free: before };
}

/** Time up to which a run can see trades: `asOf`, or the venue's clock where that is behind, but by no more than the largest lateness. */
export const seenUntil = ({ asOf, clock }: { asOf: number; clock: number }): number =>
  asOf - clock > MAX_LATENESS_MS ? asOf : Math.min(asOf, clock);

const missingUpTo = ({ from, to }: TimeRange, end: number, covered: readonly TimeRange[]): readonly TimeRange[] =>
  missingRanges({ from, to: Math.max(from, Math.min(to, end)) }, covered).filter((range) => range.to > range.from);

/** Coverage, with the evidence `inferred`, of ranges in which the market was not open and so had no trades. */
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
  // A clock that is hours ahead of the one before the walk is wrong.
  clock: clock > plan.clock + MAX_LATENESS_MS ? plan.clock : clock,
  newest: null,
  lateBy: 0,
  missed: 0,
  extra: 0,
});

/** Whether a row of this time would be stored if the venue had shown it at the last look: false in gaps and for later time. */
export function wasListed({ covered, looked, refetch }: WalkQuestion, time: number): boolean {
  if (refetch || looked === null || time > looked) return false;
  const last = covered.at(-1);
  const isInTail = last !== undefined && time >= last.to && looked - last.to <= MAX_LATENESS_MS;
  return isInTail || isWithin(time, covered);
}

/**
 * Advances a walk by one page. The walk ends with the first page that lies wholly before the oldest missing time less the venue's lateness,
 * if storage has all its rows: this finds late rows, and a single wrong time cannot end the walk. A walk that finds missing rows older than
 * any lateness reads its whole window. When the venue has no more pages, all time back to the window's start is covered.
 */
export function afterPage(plan: WalkPlan, before: WalkState, page: PageSeen): WalkStep {
  const ages = page.unknown.map((time) => (plan.looked ?? time) - time);
  const late = ages.filter((lateBy) => lateBy <= MAX_LATENESS_MS);
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

/** Coverage of a walk whose paging ended early: only time after the last page's newest row, since its older rows may just be late. */
export const afterLastPage = (plan: WalkPlan, state: WalkState): readonly CoveredRange[] => {
  const from = Math.max(plan.window.from, (state.lastPage ?? plan.asOf) + 1);
  return claims(plan, state, from, from);
};

/**
 * Time from which earlier claims are withdrawn, because they assumed a smaller lateness than rows have now; null where none is withdrawn.
 * Only the latest look may withdraw coverage, since one with an earlier `asOf` does not see newer rows.
 */
export function withdrawnFrom(plan: WalkPlan, state: WalkState): number | null {
  const settled = state.looked - latenessOf(plan, state);
  const isLatest = state.looked >= (plan.looked ?? Number.NEGATIVE_INFINITY);
  return isLatest && plan.covered.some(({ to }) => to > settled) ? settled : null;
}

/** Expected lateness in milliseconds, raised by late rows that this walk has found. */
const latenessOf = ({ lateness }: WalkPlan, { lateBy }: WalkState): number => Math.max(lateness, latenessFrom(lateBy));

/**
 * Time up to which a walk may claim coverage. A first look does not know how late the market's rows appear, so it claims the last hour only
 * up to the newest trade less the lateness.
 */
function settledAt(plan: WalkPlan, state: WalkState): number {
  const late = latenessOf(plan, state);
  const settled = state.looked - late;
  const isFirst = plan.looked === null || Math.abs(state.looked - plan.looked) < RIGHT_AFTER_MS;
  if (!isFirst) return settled;
  // The planned clock is this machine's where the venue had not answered this process yet.
  const now = Math.max(state.looked, state.clock);
  return Math.min(settled, Math.max((state.newest ?? Number.NEGATIVE_INFINITY) - late, now - UNSEEN_LATENESS_MS));
}

/** Coverage of a walk that has read all down to `from`. Covered time read again, down to `shown`, without a missing row is confirmed. */
function claims(plan: WalkPlan, state: WalkState, from: number, shown: number): readonly CoveredRange[] {
  const { window, instrument, horizon, doubted = [] } = plan;
  const end = endOf(instrument);
  const settled = settledAt(plan, state);
  const ended = end !== null && settled >= end && (state.newest ?? end) <= end;
  const after = ended ? inferred(timeAfterEnd(instrument, window)) : [];
  const walked = { from: Math.max(from, horizon ?? from), to: Math.min(window.to, settled) };
  return [...plan.free, ...without(walked, doubted), ...secondLook(plan, state, shown), ...after].filter((range) => range.to > range.from);
}

const without = (range: TimeRange, doubted: readonly TimeRange[]): readonly TimeRange[] =>
  doubted.length === 0 || range.to <= range.from ? [range] : missingRanges(range, joined([], doubted));

/** Covered time that this walk has read again, down to `shown`, and that lacked no row. */
function secondLook(plan: WalkPlan, state: WalkState, shown: number): CoveredRange[] {
  if (state.missed > 0 || plan.refetch) return [];
  const to = Math.min(plan.window.to, state.looked - latenessOf(plan, state));
  return plan.covered
    .map((range) => ({ from: Math.max(range.from, shown, plan.window.from), to: Math.min(range.to, to), evidence: 'confirmed' as const }))
    .filter((range) => range.to > range.from);
}
