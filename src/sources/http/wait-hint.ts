import { parseIsoTime } from '../catalogue/scalars.ts';

type Headers = Readonly<Record<string, string | string[] | undefined>>;

const first = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value[0] : value);

/** Longest wait that is accepted. A longer one is a mistake of the venue or a ban, and a try after an hour is soon enough. */
const MAX_HINT_MS = 3_600_000;

const TOO_MANY_REQUESTS = 429;

const bounded = (ms: number): number => Math.min(Math.max(0, ms), MAX_HINT_MS);

/** Smallest number of seconds that is read as an epoch time; as a wait it would last thirty years. */
const FIRST_EPOCH_SECONDS = 1e9;

/** Wait in milliseconds from a number of seconds or from epoch seconds; undefined when the text is not a number. */
function secondsMs(text: string, now: number): number | undefined {
  if (!/^\d+(\.\d+)?$/.test(text)) return undefined;
  const seconds = Number(text);
  return bounded(seconds < FIRST_EPOCH_SECONDS ? seconds * 1000 : seconds * 1000 - now);
}

/** The three date formats of RFC 9110, all in GMT. */
const HTTP_DATE = /^[a-z]{3,9},? (?:\d{1,2}[ -][a-z]{3}[ -]\d{2,4} \d{2}:\d{2}:\d{2} GMT|[a-z]{3} [ \d]\d \d{2}:\d{2}:\d{2} \d{4})$/i;

/** Parses an HTTP date or an ISO date (UTC without a zone); undefined for all other text, also where `Date.parse` would accept it. */
function dateOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const iso = parseIsoTime(text);
  if (iso !== null) return iso;
  const time = HTTP_DATE.test(text) ? Date.parse(/GMT$/i.test(text) ? text : `${text} GMT`) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}

/**
 * Wait that a `Retry-After` header states, in milliseconds, at most an hour. It is a number of seconds, or a date, which is compared with
 * the venue's `Date` header if there is one. Undefined when absent or unreadable.
 */
export function retryAfterMs(headers: Headers, now: number): number | undefined {
  const text = first(headers['retry-after'])?.trim();
  if (text === undefined || text === '') return undefined;
  const seconds = secondsMs(text, now);
  if (seconds !== undefined) return seconds;
  const date = dateOf(text);
  return date === undefined ? undefined : bounded(date - (dateOf(first(headers.date)?.trim()) ?? now));
}

/** Wait of a `RateLimit-Reset` header (a number of seconds, or the epoch seconds of the reset) in milliseconds, at most an hour. */
export function rateLimitResetMs(headers: Headers, now: number): number | undefined {
  const text = first(headers['ratelimit-reset'])?.trim();
  return text === undefined ? undefined : secondsMs(text, now);
}

/** The wait that a refusal states. `RateLimit-Reset` counts only after a 429, because some venues send it with every answer. */
export const waitHintMs = (status: number, headers: Headers, now: number): number | undefined =>
  retryAfterMs(headers, now) ?? (status === TOO_MANY_REQUESTS ? rateLimitResetMs(headers, now) : undefined);

/** Pause after an answer that says that the rate limit's window has no request left; undefined otherwise. */
export function exhaustedMs(headers: Headers, now: number): number | undefined {
  return first(headers['ratelimit-remaining'])?.trim() === '0' ? rateLimitResetMs(headers, now) : undefined;
}

/** Maximum age of a cached answer that is accepted; a larger `Age` is an error of the header. */
const MAX_AGE_MS = 6 * 3_600_000;

/**
 * The venue's clock when it made an answer: `Date` minus `Age`. Some caches send a fresh `Date`, which makes the result too early. That
 * only claims too little coverage, while a time that is too late would claim rows that were never seen.
 */
export function clockOf(headers: Headers, now: number): number {
  const date = Date.parse(String(headers.date));
  const age = /^\d+$/.test(String(headers.age)) ? Number(headers.age) * 1000 : 0;
  return (Number.isNaN(date) ? now : date) - (age <= MAX_AGE_MS ? age : 0);
}
