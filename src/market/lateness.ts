import { DAY_MS } from '../contracts/words.ts';
/** Nothing younger than this counts as collected: venues index rows within ten minutes as a rule. */
export const LEAST_LATENESS_MS = 600_000;
/** How late rows may be in a quiet market at its first look, when nothing is known of the venue's lateness. */
export const UNSEEN_LATENESS_MS = 3_600_000;
/** Rows that come later than this after they happened are the venue's correction of its history, not its lateness. */
export const MOST_LATENESS_MS = 6 * 3_600_000;
/** How long a lateness counts after it was last seen. */
const REMEMBERED_MS = 7 * DAY_MS;
/** What was seen once may be topped the next time. */
const MARGIN = 1.5;

/** How late a venue's rows came, and as of which run that was seen. */
export interface SeenLateness {
  readonly ms: number;
  /** UTC epoch milliseconds. */
  readonly at: number;
}

/** How late a venue's rows are expected at `asOf`, in milliseconds: what was seen in the last week, and never less than ten minutes. */
export const latenessAt = (seen: SeenLateness | undefined, asOf: number): number =>
  seen === undefined || asOf - seen.at > REMEMBERED_MS ? LEAST_LATENESS_MS : Math.max(LEAST_LATENESS_MS, seen.ms);

/** What to expect once a row has come `lateBy` milliseconds after somebody had looked for it, at least. */
export const latenessFrom = (lateBy: number): number => Math.min(MOST_LATENESS_MS, Math.ceil((lateBy * MARGIN) / 60_000) * 60_000);

/**
 * What is remembered after a run that expected `known` at its end. Rows within that do not raise it, but keep it remembered.
 *
 * @param lateBy how late a row came at most, in milliseconds; 0 where none did
 */
export function rememberLateness(known: SeenLateness | undefined, lateBy: number, asOf: number): SeenLateness | undefined {
  const expected = latenessFrom(lateBy);
  if (expected <= LEAST_LATENESS_MS || expected < latenessAt(known, asOf)) return known;
  return { ms: expected, at: Math.max(asOf, known?.at ?? asOf) };
}
