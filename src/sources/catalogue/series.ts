import type { Instrument, TimeRange } from '../../contracts/market-data.ts';
import { DAY_MS } from '../../contracts/words.ts';
import { isFinal } from './market-life.ts';

const UNIT_MS = { m: 60_000, h: 3_600_000, d: DAY_MS } as const;
const HOUR = UNIT_MS.h;

/** One market that a series should have: `<seriesSlug>-<startUnix>`. */
export interface SeriesMember {
  readonly slug: string;
  /** UTC epoch milliseconds; the end is exclusive. */
  readonly start: number;
  readonly end: number;
}

/** The step of a series from the suffix of its slug (`btc-updown-5m` → 5 minutes); undefined when it has none. */
export function seriesStep(seriesSlug: string): number | undefined {
  const match = /-(\d{1,3})(m|h|d)$/.exec(seriesSlug);
  if (match === null) return undefined;
  const count = Number(match[1]);
  return count > 0 ? count * UNIT_MS[match[2] as keyof typeof UNIT_MS] : undefined;
}

/**
 * Every market that a series can have in a window, oldest first: those that run at some moment of `[window.from, window.to]`.
 * Series of up to an hour start on the UTC grid of their step. Longer ones follow a city's clock (four hours in New York start
 * on other UTC hours in summer), so each full hour is a possible start; the venue knows which exist.
 */
export function seriesMembers(seriesSlug: string, window: TimeRange): readonly SeriesMember[] | undefined {
  const step = seriesStep(seriesSlug);
  if (step === undefined) return undefined;
  const grid = step > HOUR ? HOUR : step;
  const members: SeriesMember[] = [];
  const first = Math.floor((window.from - step) / grid) * grid + grid;
  for (let start = first; start <= window.to; start += grid) {
    members.push({ slug: `${seriesSlug}-${start / 1000}`, start, end: start + step });
  }
  return members;
}

/**
 * Slugs of a series' markets that earlier runs found and that had not settled then. Their end and their result are asked for
 * whatever the window: after a pause longer than the window nobody else would.
 */
export function unfinishedMembers(seriesSlug: string, known: readonly Instrument[]): readonly string[] {
  const isMember = ({ reference }: Instrument): boolean =>
    reference.startsWith(`${seriesSlug}-`) && /^\d{9,10}$/.test(reference.slice(seriesSlug.length + 1));
  return known.filter((instrument) => isMember(instrument) && !isFinal(instrument)).map(({ reference }) => reference);
}

/** What to tell a user whose series has no step in its name. */
export const noStep = (symbol: string, seriesSlug: string): string =>
  `${symbol}: seriesSlug "${seriesSlug}" does not end in its step (such as -5m, -15m, -1h, -4h), so its markets cannot be named; use the series' own slug`;
