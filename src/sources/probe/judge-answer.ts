import { messageOf, PredictLabError } from '../../contracts/errors.ts';
import type { AnswerHead } from '../http/request-tally.ts';
import { isRedirect, VenueError } from '../http/venue-error.ts';

/** Meaning of a route's answer for collecting. `not requested` means that a key or a market for the request is missing. */
export type ProbeMeaning = 'ok' | 'changed' | 'announced to end' | 'blocked' | 'unreachable' | 'not requested';

/** The answer of one route, compared with what its adapter expects. */
export interface ProbedRoute {
  readonly venue: string;
  /** Path of the route without ids, such as `/v1/markets/{id}/orderbook`. */
  readonly route: string;
  readonly expects: string;
  readonly meaning: ProbeMeaning;
  /** HTTP status of the answer; null when there was none. */
  readonly status: number | null;
  /** A summary of the answer, or the reason why it could not be read. */
  readonly came: string;
  /** Known fields that all rows of the answer lack. */
  readonly missingFields: readonly string[];
  readonly newFields: readonly string[];
  /** Headers of the answer that announce the end of the route. */
  readonly announced: readonly string[];
  /** Other differences, one sentence each. */
  readonly changes: readonly string[];
  /** Seconds by which the venue's clock is ahead of this machine's; negative when it is behind, null without a `Date` header. */
  readonly clockAheadSeconds: number | null;
  /** Age of a cached answer in seconds; null without an `Age` header. */
  readonly ageSeconds: number | null;
}

export interface ObservedAnswer {
  readonly venue: string;
  readonly route: string;
  readonly expects: string;
  readonly head: AnswerHead | undefined;
  /** A summary of the answer; absent when reading failed. */
  readonly came?: string;
  /** Rows or markets that could not be read, one sentence each. */
  readonly problems?: readonly string[];
  readonly error?: unknown;
  /** Changes noted while the answer was read: `polymarket /v2/trades: has the new field "maker"`. */
  readonly changes: readonly string[];
  /** This machine's clock when the answer arrived; UTC epoch milliseconds. */
  readonly now: number;
}

const NEW_FIELD = /^has the new field "(.*)"$/;
const MISSING_FIELD = /^lacks the field "(.*)" in all of its rows$/;
const ANNOUNCEMENT = /^(deprecation|sunset|warning): /;

const matchesOf = (lines: readonly string[], pattern: RegExp): readonly string[] => lines.flatMap((line) => pattern.exec(line)?.[1] ?? []);

/** Compares one answer with what the adapter expects, and decides whether the route can still be read from here. */
export function judgeAnswer(observed: ObservedAnswer): ProbedRoute {
  const { venue, route, expects, head, error, problems = [], now } = observed;
  const said = observed.changes.map((line) => line.slice(line.indexOf(': ') + 2));
  const announced = said.filter((line) => ANNOUNCEMENT.test(line));
  const other = said.filter((line) => !ANNOUNCEMENT.test(line) && !NEW_FIELD.test(line) && !MISSING_FIELD.test(line));
  const fields = { missingFields: matchesOf(said, MISSING_FIELD), newFields: matchesOf(said, NEW_FIELD) };
  const changes = [...other, ...problems];
  const differs = changes.length + fields.missingFields.length + fields.newFields.length > 0;
  const meaning = error !== undefined ? meaningOf(error) : differs ? 'changed' : announced.length > 0 ? 'announced to end' : 'ok';
  const status = error instanceof VenueError ? error.status : (head?.status ?? null);
  const came = error === undefined ? (observed.came ?? '') : messageOf(error);
  return { venue, route, expects, meaning, status, came, ...fields, announced, changes, ...clocksOf(head, now) };
}

/** The meaning of an error in reading a route. Text that the adapter cannot read at all counts as a change. */
function meaningOf(error: unknown): ProbeMeaning {
  if (!(error instanceof PredictLabError)) return 'changed';
  const status = error instanceof VenueError ? error.status : null;
  switch (error.type) {
    case 'SourceBlocked':
      return isRedirect(status) ? 'changed' : 'blocked';
    case 'SourceUnauthorized':
      return 'blocked';
    case 'SourceUnavailable':
    case 'RateLimited':
      return 'unreachable';
    default:
      return 'changed';
  }
}

function clocksOf(head: AnswerHead | undefined, now: number): Pick<ProbedRoute, 'clockAheadSeconds' | 'ageSeconds'> {
  const date = Date.parse(String(head?.headers.date));
  const age = String(head?.headers.age);
  return {
    clockAheadSeconds: Number.isNaN(date) ? null : Math.round((date - now) / 1000),
    ageSeconds: /^\d+$/.test(age) ? Number(age) : null,
  };
}

/** Statuses that mean that a host does not have a listing. */
const GONE = new Set([404, 405, 410, 422]);

/**
 * Judges pairs of an older and a newer listing: while the newer one can be read, the end of the older one is not a change.
 * @param older for the route of each older listing, that of the newer one
 */
export function withReplacements(routes: readonly ProbedRoute[], older: Readonly<Record<string, string>>): readonly ProbedRoute[] {
  return routes.map((each) => {
    const newer = routes.find(({ venue, route }) => venue === each.venue && route === older[each.route]);
    const isGone = GONE.has(Number(each.status)) || isRedirect(each.status);
    if (newer?.meaning !== 'ok' || each.meaning !== 'changed' || !isGone) return each;
    return { ...each, meaning: 'ok', came: `gone (${each.status}), and not needed: ${newer.route} is read` };
  });
}

/** Exit code of a probe: 3 when a route cannot be reached from here or none was requested, 1 when one has changed, else 0. */
export function probeExitCode(routes: readonly Pick<ProbedRoute, 'meaning'>[]): 0 | 1 | 3 {
  const meanings = new Set(routes.map(({ meaning }) => meaning));
  if (meanings.has('blocked') || meanings.has('unreachable') || routes.every(({ meaning }) => meaning === 'not requested')) return 3;
  return meanings.has('changed') ? 1 : 0;
}
