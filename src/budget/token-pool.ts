import { PredictLabError } from '../contracts/errors.ts';
import { type Precedence, type RateBudget, type RateLimit, shareOfLimit } from './rate-limits.ts';
import { type Grant, TOKEN_LIFE_MS, type WindowStore } from './sliding-window.ts';

/** Longest wait of a request for a token. A longer one fails with `RateLimited`, which frees the task's slot. */
export const MAX_WAIT_MS = 20_000;

/** Share of a window that backfills leave to live requests. */
const LIVE_RESERVE = 0.3;
/** Number of extra tokens that one fetch from the store may request, which saves a round trip per request. */
const FETCH_AHEAD = 8;
const FETCH_AHEAD_SHARE = 0.05;

/** Longest sleep between two fetches, so that a new live request does not wait for a sleeping backfill. */
const MAX_NAP_MS = 250;

interface Waiter {
  readonly precedence: Precedence;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

interface Family {
  readonly name: string;
  readonly limit: RateLimit;
  readonly live: Set<Waiter>;
  readonly backfill: Set<Waiter>;
  spare: number;
  spareUntil: number;
  fetching: boolean;
}

export interface TokenPoolOptions {
  readonly store: WindowStore;
  /** The documented limits, by family of routes. */
  readonly limits: Readonly<Record<string, RateLimit>>;
  /** Share of the limits to use; a share below 1 leaves room for the user's other programs. @default 1 */
  readonly share?: number;
  /** Called when a venue asks for a pause. */
  readonly onPause?: (family: string, waitMs: number) => void;
}

/** Creates a `RateBudget` on a store; it batches the requests of a process and serves live requests first. */
export function createTokenPool({ store, limits, share = 1, onPause }: TokenPoolOptions): RateBudget {
  const families = new Map<string, Family>();
  const familyOf = (name: string): Family => {
    let family = families.get(name);
    if (family === undefined) {
      const limit = shareOfLimit(limits[name], share);
      family = { name, limit, live: new Set(), backfill: new Set(), spare: 0, spareUntil: 0, fetching: false };
      families.set(name, family);
    }
    return family;
  };

  return {
    take(name, precedence, signal) {
      const family = familyOf(name);
      if (signal.aborted) return Promise.reject(signal.reason as Error);
      if (family.spare > 0 && family.live.size === 0 && Date.now() < family.spareUntil) {
        family.spare--;
        return Promise.resolve();
      }
      return new Promise<void>((resolve, reject) => {
        const queue = family[precedence];
        const leave = () => {
          queue.delete(waiter);
          signal.removeEventListener('abort', onAbort);
        };
        const waiter: Waiter = {
          precedence,
          resolve: () => {
            leave();
            resolve();
          },
          reject: (reason) => {
            leave();
            reject(reason);
          },
        };
        const onAbort = () => waiter.reject(signal.reason);
        signal.addEventListener('abort', onAbort);
        queue.add(waiter);
        if (!family.fetching) void serve(store, family);
      });
    },
    async pause(name, waitMs) {
      const family = familyOf(name);
      family.spare = 0;
      onPause?.(name, waitMs);
      await store.pause(name, waitMs);
    },
  };
}

/** Fetches tokens for the waiting requests until none waits. Never throws: an error rejects the waiters. */
async function serve(store: WindowStore, family: Family): Promise<void> {
  family.fetching = true;
  try {
    while (family.live.size + family.backfill.size > 0) {
      const forLive = family.live.size > 0;
      const waiting = forLive ? family.live.size : family.backfill.size;
      const ahead = Math.min(FETCH_AHEAD, Math.floor(family.limit.requests * FETCH_AHEAD_SHARE));
      const reserve = forLive ? 0 : Math.floor(family.limit.requests * LIVE_RESERVE);
      const { granted, waitMs, paused } = await store.take(family.name, family.limit, waiting + ahead, reserve);
      if (granted === 0) {
        if (waitMs > MAX_WAIT_MS) throw longWait(family, { waitMs, paused, forLive });
        const nap = Math.min(waitMs, MAX_NAP_MS);
        await new Promise((resolve) => setTimeout(resolve, Math.max(1, Math.ceil(nap))));
        continue;
      }
      family.spare = granted;
      family.spareUntil = Date.now() + TOKEN_LIFE_MS;
      for (const waiter of [...family.live, ...family.backfill]) {
        if (family.spare === 0) break;
        family.spare--;
        waiter.resolve();
      }
    }
  } catch (error) {
    for (const waiter of [...family.live, ...family.backfill]) waiter.reject(error);
  } finally {
    family.fetching = false;
  }
}

/** The error for a wait that is too long. It says whether the venue asked for a pause or our own budget is used up. */
function longWait(
  { name, limit }: Family,
  { waitMs, paused, forLive }: Pick<Grant, 'waitMs' | 'paused'> & { readonly forLive: boolean },
): PredictLabError {
  const seconds = Math.ceil(waitMs / 1000);
  const why = paused
    ? `${name} asked for a pause; its budget opens again`
    : `the budget of ${name}, ${limit.requests} requests in ${limit.windowMs / 1000} s, is used up${forLive ? '' : ' except for the share reserved for live runs'}; the first are free again`;
  return new PredictLabError('RateLimited', `${why} in ${seconds} s`, { retryAfterMs: waitMs });
}
