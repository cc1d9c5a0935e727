import type { TimeRange } from '../../contracts/market-data.ts';
import { DAY_MS } from '../../contracts/words.ts';

const SECOND = 1000;

/** Grains of the price history in seconds, finest first, with the time for which the venue keeps each; it keeps the coarsest for ever. */
export const GRAINS = [
  { seconds: 60, keptMs: 7 * DAY_MS },
  { seconds: 300, keptMs: 60 * DAY_MS },
  { seconds: 1800, keptMs: 90 * DAY_MS },
  { seconds: 10_800, keptMs: Number.POSITIVE_INFINITY },
] as const;

/** Longest window of one request. The venue refuses more than 15 days, and a request adds up to a bucket and a second at each end. */
const MAX_WINDOW_MS = 15 * DAY_MS - (2 * 10_800 + 2) * SECOND;

/** Shortest window that is worth a request of its own. The ages at which a grain ends by `asOf` and by the clock may be seconds apart. */
const SLIVER_MS = 60 * SECOND;

/** One request for price points: a window and the finest grain that the venue still serves for it. */
export interface LadderStep {
  readonly range: TimeRange;
  /** Index into `GRAINS`. */
  readonly grain: number;
}

/**
 * Cuts a range into windows of at most 15 days, newest first, because the venue drops recent fine points first. Windows end where the venue
 * stops keeping a grain, by the clock or by `asOf`, so that a window has all points of a grain or none. Each is first requested at the
 * finest grain that the venue kept at `asOf`.
 */
export function ladderSteps(range: TimeRange, { asOf, now }: { asOf: number; now: number }): LadderStep[] {
  const cuts = GRAINS.flatMap(({ keptMs }) => [asOf - keptMs, now - keptMs].map((time) => Math.ceil(time / SECOND) * SECOND));
  const steps: LadderStep[] = [];
  let to = range.to;
  while (to > range.from) {
    const cut = Math.max(range.from, to - MAX_WINDOW_MS, ...cuts.filter((each) => to - each >= SLIVER_MS));
    const grain = GRAINS.findIndex(({ keptMs }) => cut >= asOf - keptMs);
    const isRestSliver = cut - range.from < SLIVER_MS && to - range.from <= MAX_WINDOW_MS;
    const from = isRestSliver ? range.from : cut;
    steps.push({ range: { from, to }, grain });
    to = from;
  }
  return steps;
}

/**
 * The next coarser grain, for a window without points at `grain`; undefined where there is none. A bucket must fit into the window, unless
 * the venue has dropped `grain` by now (as for a backfill).
 */
export function coarser(grain: number, range: TimeRange, now: number): number | undefined {
  const next = GRAINS[grain + 1];
  if (next === undefined) return undefined;
  const isDropped = range.from < now - GRAINS[grain].keptMs;
  return isDropped || range.to - range.from >= next.seconds * SECOND ? grain + 1 : undefined;
}
