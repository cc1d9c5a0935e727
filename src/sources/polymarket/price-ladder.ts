import type { TimeRange } from '../../contracts/market-data.ts';

const SECOND = 1000;
const DAY = 86_400_000;

/** Grains of the price history in seconds, finest first, and how long the venue keeps each; the coarsest for good. */
export const GRAINS = [
  { seconds: 60, keptMs: 7 * DAY },
  { seconds: 300, keptMs: 60 * DAY },
  { seconds: 1800, keptMs: 90 * DAY },
  { seconds: 10_800, keptMs: Number.POSITIVE_INFINITY },
] as const;

/** Explicit windows may span no more than this. */
const LONGEST_WINDOW_MS = 15 * DAY;

/** One request for price points: a window and the finest grain that the venue still has for it. */
export interface LadderStep {
  readonly range: TimeRange;
  /** Index into `GRAINS`. */
  readonly grain: number;
}

/**
 * Cuts a range into windows of at most 15 days, each with the finest grain that its age still allows; newest first, because
 * what is newest is lost first. Ages are taken against `now`: retention goes by the clock, not by a run's asOf.
 */
export function ladderSteps(range: TimeRange, now: number): LadderStep[] {
  const steps: LadderStep[] = [];
  let to = range.to;
  for (const [grain, { keptMs }] of GRAINS.entries()) {
    const from = Math.max(range.from, Math.ceil((now - keptMs) / SECOND) * SECOND);
    while (to > from) {
      const start = Math.max(from, to - LONGEST_WINDOW_MS);
      steps.push({ range: { from: start, to }, grain });
      to = start;
    }
  }
  return steps;
}

/** The next coarser grain for a window that is empty at `grain`; undefined when a coarser bucket would not fit into it twice. */
export function coarser(grain: number, range: TimeRange): number | undefined {
  const next = GRAINS[grain + 1];
  return next !== undefined && range.to - range.from >= 2 * next.seconds * SECOND ? grain + 1 : undefined;
}
