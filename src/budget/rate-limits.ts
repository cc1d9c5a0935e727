/** The limit of a venue for one family of routes: `requests` in any period of `windowMs`. */
export interface RateLimit {
  readonly requests: number;
  readonly windowMs: number;
}

/** `live` goes first: current data is gone for good when it is missed, a backfill can wait. */
export type Precedence = 'live' | 'backfill';

const per10Seconds = (requests: number): RateLimit => ({ requests, windowMs: 10_000 });
const perMinute = (requests: number): RateLimit => ({ requests, windowMs: 60_000 });

/**
 * The venues' documented limits by route family; docs/sources.md names the pages. Predict.fun counts calendar minutes; the sliding
 * minute used here is stricter.
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

/** A limit multiplied by a share, which may exceed 1 for a venue of one's own; at least one request. */
export const shareOfLimit = ({ requests, windowMs }: RateLimit, share: number): RateLimit => ({
  requests: Math.max(1, Math.floor(requests * share)),
  windowMs,
});

/** The limits in use for a share of the documented ones (`PREDICTLAB_RATE_SHARE`). */
export const limitsInUse = (share: number): Readonly<Record<RouteFamily, RateLimit>> =>
  Object.fromEntries(Object.entries(VENUE_LIMITS).map(([name, limit]) => [name, shareOfLimit(limit, share)])) as Record<
    RouteFamily,
    RateLimit
  >;

/** Grants permission to send requests, one token per request, for all workers that share the budget. */
export interface RateBudget {
  /** Resolves when one request of this family may be sent. Rejects with `RateLimited` and the reason when the wait would be long. */
  take(family: RouteFamily, precedence: Precedence, signal: AbortSignal): Promise<void>;
  /** Stops requests of this family for `waitMs`, for all workers, because the venue asked for it. */
  pause(family: RouteFamily, waitMs: number): Promise<void>;
}
