import { DAY_MS } from '../contracts/words.ts';
/** Smallest expected lateness: more recent time never counts as collected. Venues usually index rows within ten minutes. */
export const MIN_LATENESS_MS = 600_000;
/** Lateness that the first collection of a quiet market assumes, when the venue's lateness is not known yet. */
export const UNSEEN_LATENESS_MS = 3_600_000;
/** Largest lateness: rows that appear later than this are corrections of the venue's history. */
export const MAX_LATENESS_MS = 6 * 3_600_000;
/** Time for which an observed lateness counts. */
const REMEMBERED_MS = 7 * DAY_MS;
/** Safety factor on an observed lateness, since the next row may be even later. */
const MARGIN = 1.5;

/** An observed lateness of a venue's rows, and the `asOf` of the run that observed it. */
export interface SeenLateness {
  readonly ms: number;
  /** UTC epoch milliseconds. */
  readonly at: number;
}

/** Expected lateness of a venue's rows at `asOf`, in milliseconds: the lateness observed in the last week, at least ten minutes. */
export const latenessAt = (seen: SeenLateness | undefined, asOf: number): number =>
  seen === undefined || asOf - seen.at > REMEMBERED_MS ? MIN_LATENESS_MS : Math.max(MIN_LATENESS_MS, seen.ms);

/** Lateness to expect after a row was listed at least `lateBy` late, with a safety factor; at most six hours. Milliseconds. */
export const latenessFrom = (lateBy: number): number => Math.min(MAX_LATENESS_MS, Math.ceil((lateBy * MARGIN) / 60_000) * 60_000);

/**
 * The lateness to store after a run that expected `known`: that of its latest row with a safety factor, unless `known` is larger.
 * @param lateBy largest lateness of a row in milliseconds; 0 when no row was late
 */
export function rememberLateness(known: SeenLateness | undefined, lateBy: number, asOf: number): SeenLateness | undefined {
  const expected = latenessFrom(lateBy);
  if (expected <= MIN_LATENESS_MS || expected < latenessAt(known, asOf)) return known;
  return { ms: expected, at: Math.max(asOf, known?.at ?? asOf) };
}
