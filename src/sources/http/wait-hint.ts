import { parseIsoTime } from '../catalogue/scalars.ts';

type Headers = Readonly<Record<string, string | string[] | undefined>>;

const first = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value[0] : value);

/** Waits beyond an hour are a venue's mistake or a ban: an hour is long enough to look again. */
const LONGEST_HINT_MS = 3_600_000;

const TOO_MANY_REQUESTS = 429;

const bounded = (ms: number): number => Math.min(Math.max(0, ms), LONGEST_HINT_MS);

/** Seconds from here on are a moment, not a wait: as a wait they would be thirty years. */
const FIRST_EPOCH_SECONDS = 1e9;

/** A count of seconds, or the epoch seconds of the moment itself, as a wait; undefined when the text is not a number. Milliseconds. */
function secondsMs(text: string, now: number): number | undefined {
  if (!/^\d+(\.\d+)?$/.test(text)) return undefined;
  const seconds = Number(text);
  return bounded(seconds < FIRST_EPOCH_SECONDS ? seconds * 1000 : seconds * 1000 - now);
}

/** The three spellings of RFC 9110, all of them in GMT. */
const HTTP_DATE = /^[a-z]{3,9},? (?:\d{1,2}[ -][a-z]{3}[ -]\d{2,4} \d{2}:\d{2}:\d{2} GMT|[a-z]{3} [ \d]\d \d{2}:\d{2}:\d{2} \d{4})$/i;

/** An HTTP date or an ISO one (UTC where it names no zone); undefined for anything else, which `Date.parse` may well read. */
function dateOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const iso = parseIsoTime(text);
  if (iso !== null) return iso;
  const time = HTTP_DATE.test(text) ? Date.parse(/GMT$/i.test(text) ? text : `${text} GMT`) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}

/**
 * `Retry-After`: seconds, or a date, which is taken by the venue's own clock where its answer says what that shows. At most an hour.
 * Undefined when absent or unreadable. Milliseconds.
 */
export function retryAfterMs(headers: Headers, now: number): number | undefined {
  const text = first(headers['retry-after'])?.trim();
  if (text === undefined || text === '') return undefined;
  const seconds = secondsMs(text, now);
  if (seconds !== undefined) return seconds;
  const date = dateOf(text);
  return date === undefined ? undefined : bounded(date - (dateOf(first(headers.date)?.trim()) ?? now));
}

/** `RateLimit-Reset`: seconds until the window starts again, or the moment it does. At most an hour. Milliseconds. */
export function rateLimitResetMs(headers: Headers, now: number): number | undefined {
  const text = first(headers['ratelimit-reset'])?.trim();
  return text === undefined ? undefined : secondsMs(text, now);
}

/**
 * The wait that a refused request was given. `RateLimit-Reset` stands on every answer of some venues, so it is a wait only
 * where the limit is what refused.
 */
export const waitHintMs = (status: number, headers: Headers, now: number): number | undefined =>
  retryAfterMs(headers, now) ?? (status === TOO_MANY_REQUESTS ? rateLimitResetMs(headers, now) : undefined);

/** How long to hold back although the request was served: the venue says that nothing is left of this window. */
export function exhaustedMs(headers: Headers, now: number): number | undefined {
  return first(headers['ratelimit-remaining'])?.trim() === '0' ? rateLimitResetMs(headers, now) : undefined;
}
