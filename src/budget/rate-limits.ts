/** What a venue allows on one family of routes: `requests` in any `windowMs`. */
export interface RateLimit {
  readonly requests: number;
  readonly windowMs: number;
}

/** `live` goes first: what just happened is gone for good when it is missed, a backfill can wait. */
export type Precedence = 'live' | 'backfill';

const per10Seconds = (requests: number): RateLimit => ({ requests, windowMs: 10_000 });
const perMinute = (requests: number): RateLimit => ({ requests, windowMs: 60_000 });

/**
 * The venues' documented limits by route family (docs/sources.md names the pages). Predict.fun counts in calendar
 * minutes; a sliding minute is stricter, so it holds there too.
 */
export const VENUE_LIMITS = {
  'polymarket/gamma-markets': per10Seconds(300),
  'polymarket/gamma-events': per10Seconds(500),
  'polymarket/gamma-search': per10Seconds(350),
  'polymarket/data-trades': per10Seconds(200),
  'polymarket/data-prices': per10Seconds(200),
  'polymarket/data-general': per10Seconds(1000),
  'polymarket/clob-book': per10Seconds(1500),
  'predict/trading': perMinute(500),
  'predict/search': perMinute(120),
  'predict/general': perMinute(250),
} as const satisfies Record<string, RateLimit>;

export type RouteFamily = keyof typeof VENUE_LIMITS;

/** A limit of which only a share is used, or more than all of it where the venue is one's own; never less than one request. */
export const shareOfLimit = ({ requests, windowMs }: RateLimit, share: number): RateLimit => ({
  requests: Math.max(1, Math.floor(requests * share)),
  windowMs,
});

/** What is drawn on of each family's limit with this share of it (`PREDICTLAB_RATE_SHARE`). */
export const limitsInUse = (share: number): Readonly<Record<RouteFamily, RateLimit>> =>
  Object.fromEntries(Object.entries(VENUE_LIMITS).map(([name, limit]) => [name, shareOfLimit(limit, share)])) as Record<
    RouteFamily,
    RateLimit
  >;

/** Hands out permission to send, one token a request, for every worker that shares it. */
export interface RateBudget {
  /** Resolves when one request of this family may be sent; rejects with `RateLimited` where that is long, with the reason: the venue asked for it, or so much was sent already. */
  take(family: RouteFamily, precedence: Precedence, signal: AbortSignal): Promise<void>;
  /** The venue wants nothing more of this family for `waitMs`: moves the budget of all workers. */
  pause(family: RouteFamily, waitMs: number): Promise<void>;
}
