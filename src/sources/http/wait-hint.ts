type Headers = Readonly<Record<string, string | string[] | undefined>>;

const first = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value[0] : value);

/** Waits beyond an hour are a venue's mistake or a ban: an hour is long enough to look again. */
const LONGEST_HINT_MS = 3_600_000;

const TOO_MANY_REQUESTS = 429;

const bounded = (ms: number): number => Math.min(Math.max(0, ms), LONGEST_HINT_MS);

/** `Retry-After`: seconds or an HTTP date. Undefined when absent or unreadable. Milliseconds. */
export function retryAfterMs(headers: Headers, now: number): number | undefined {
  const text = first(headers['retry-after'])?.trim();
  if (text === undefined || text === '') return undefined;
  if (/^\d+(\.\d+)?$/.test(text)) return bounded(Number(text) * 1000);
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : bounded(date - now);
}

/** `RateLimit-Reset`: seconds until the window starts anew. Milliseconds. */
export function rateLimitResetMs(headers: Headers): number | undefined {
  const text = first(headers['ratelimit-reset'])?.trim();
  if (text === undefined || !/^\d+(\.\d+)?$/.test(text)) return undefined;
  return bounded(Number(text) * 1000);
}

/**
 * The wait that a refused request was given. `RateLimit-Reset` stands on every answer of some venues, so it is a wait only
 * where the limit is what refused.
 */
export const waitHintMs = (status: number, headers: Headers, now: number): number | undefined =>
  retryAfterMs(headers, now) ?? (status === TOO_MANY_REQUESTS ? rateLimitResetMs(headers) : undefined);

/** How long to hold back although the request was served: the venue says that nothing is left of this window. */
export function exhaustedMs(headers: Headers): number | undefined {
  return first(headers['ratelimit-remaining'])?.trim() === '0' ? rateLimitResetMs(headers) : undefined;
}
