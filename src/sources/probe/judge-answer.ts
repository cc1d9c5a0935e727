import { messageOf, PredictLabError } from '../../contracts/errors.ts';
import type { AnswerHead } from '../http/request-tally.ts';
import { VenueError } from '../http/venue-error.ts';

/** What an answer means for collecting: `not requested` is a route whose key or market is missing. */
export type ProbeMeaning = 'ok' | 'changed' | 'announced to end' | 'blocked' | 'unreachable' | 'not requested';

/** One route as it answered, next to what its adapter expects. */
export interface ProbedRoute {
  readonly venue: string;
  /** Path without ids, such as `/v1/markets/{id}/orderbook`. */
  readonly route: string;
  readonly expects: string;
  readonly meaning: ProbeMeaning;
  /** Null when there was no answer. */
  readonly status: number | null;
  /** What was read, or why nothing was. */
  readonly came: string;
  /** Fields that the adapter knows and none of the rows has. */
  readonly missingFields: readonly string[];
  readonly newFields: readonly string[];
  /** Headers that announce the end of the route. */
  readonly announced: readonly string[];
  /** Other differences, one sentence each. */
  readonly changes: readonly string[];
  /** Seconds by which the venue's clock is ahead of ours; negative when it is behind, null without a `Date`. */
  readonly clockAheadSeconds: number | null;
  /** Seconds that the answer has lain in a cache; null when it does not say so. */
  readonly ageSeconds: number | null;
}

/** What was observed of one request. */
export interface ObservedAnswer {
  readonly venue: string;
  readonly route: string;
  readonly expects: string;
  readonly head: AnswerHead | undefined;
  /** What was read; absent when reading failed. */
  readonly came?: string;
  /** Rows or markets that could not be read, one sentence each. */
  readonly problems?: readonly string[];
  readonly error?: unknown;
  /** Sentences of a request tally: `polymarket /v2/trades: has the new field "maker"`. */
  readonly changes: readonly string[];
  /** Our clock at the answer; UTC epoch milliseconds. */
  readonly now: number;
}

const NEW_FIELD = /^has the new field "(.*)"$/;
const MISSING_FIELD = /^lacks the field "(.*)" in all of its rows$/;
const ANNOUNCEMENT = /^(deprecation|sunset|warning): /;

const matchesOf = (lines: readonly string[], pattern: RegExp): readonly string[] => lines.flatMap((line) => pattern.exec(line)?.[1] ?? []);

/** Judges one answer: what differs from the adapter's expectation, and whether the route can still be read from here. */
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

/** What a failure to read a route means. Text that the adapter cannot read at all counts as a change. */
function meaningOf(error: unknown): ProbeMeaning {
  if (!(error instanceof PredictLabError)) return 'changed';
  const status = error instanceof VenueError ? error.status : null;
  const isRedirect = status !== null && status >= 300 && status < 400;
  switch (error.type) {
    case 'SourceBlocked':
      return isRedirect ? 'changed' : 'blocked';
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

/** Statuses with which a host says that it does not have a listing. */
const GONE = new Set([404, 405, 410, 422]);

/**
 * Takes the two listings that stand in for each other together: the older one is not needed while the newer one can be read, so its end is
 * no change.
 *
 * @param older by the route of the older listing, the route of the newer one
 */
export function withSpares(routes: readonly ProbedRoute[], older: Readonly<Record<string, string>>): readonly ProbedRoute[] {
  return routes.map((each) => {
    const newer = routes.find(({ venue, route }) => venue === each.venue && route === older[each.route]);
    const isGone = each.status !== null && (GONE.has(each.status) || (each.status >= 300 && each.status < 400));
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
