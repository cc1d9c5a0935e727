/** The limit of a venue for one family of routes: `requests` in any period of `windowMs`. */
export interface RateLimit {
  readonly requests: number;
  readonly windowMs: number;
}

/** `live` goes first: missed current data is lost for good, while a backfill can wait. */
export type Precedence = 'live' | 'backfill';

const LIVE_MS = 3_600_000;

/** Precedence of a run's requests. @param asOf the run's `asOf`, UTC epoch milliseconds */
export const precedenceOf = (asOf: number, now: number = Date.now()): Precedence => (asOf >= now - LIVE_MS ? 'live' : 'backfill');

/** A limit per ten seconds. */
export const per10Seconds = (requests: number): RateLimit => ({ requests, windowMs: 10_000 });
/** A limit per minute. */
export const perMinute = (requests: number): RateLimit => ({ requests, windowMs: 60_000 });

/** A limit multiplied by a share; at least one request. A share above 1 is for a private venue. */
export const shareOfLimit = ({ requests, windowMs }: RateLimit, share: number): RateLimit => ({
  requests: Math.max(1, Math.floor(requests * share)),
  windowMs,
});

/** Grants permission to send requests, one token per request, for all workers that share the budget. */
export interface RateBudget {
  /** Resolves when one request of this family may be sent. Rejects with `RateLimited` and the reason when the wait would be long. */
  take(family: string, precedence: Precedence, signal: AbortSignal): Promise<void>;
  /** Stops requests of this family for `waitMs`, for all workers, because the venue asked for it. */
  pause(family: string, waitMs: number): Promise<void>;
}
