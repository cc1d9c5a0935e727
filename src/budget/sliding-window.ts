import type { RateLimit } from './rate-limits.ts';

/** Recent grants of a window as `[slot, count]`, oldest first, and the end of a pause. Small JSON. */
export interface WindowState {
  readonly slots: readonly (readonly [slot: number, count: number])[];
  /** No grants before this time; UTC epoch milliseconds. */
  readonly pausedUntil: number;
}

/** A window without grants. */
export const EMPTY_WINDOW: WindowState = { slots: [], pausedUntil: 0 };

export interface Grant {
  /** Number of tokens granted, at most as many as wanted. */
  readonly granted: number;
  /** Milliseconds to wait before the next request for tokens, when none were granted. */
  readonly waitMs: number;
  /** Whether no token was granted because the venue asked for a pause, not because the window is used up. */
  readonly paused: boolean;
}

/** How long a worker may hold a token before the venue receives the request, network included. */
export const TOKEN_LIFE_MS = 500;
/** Number of slots of a window; all tokens granted in one slot become free together. */
const SLOTS = 20;
/** Share of the limit that is used: the venue's clock differs from ours, and the rest is a margin. */
const USED_SHARE = 0.95;

/**
 * Grants tokens so that no period of `limit.windowMs`, wherever it starts, sees more than `limit.requests` of them used: a grant
 * counts for the window plus one slot plus a token's life. Bursts are allowed within the limit.
 *
 * @param reserve tokens that must stay free for others
 * @param now UTC epoch milliseconds, from the same clock for all processes that share the state
 */
export function grantTokens(
  state: WindowState,
  { limit, want, reserve, now }: { limit: RateLimit; want: number; reserve: number; now: number },
): Grant & { readonly state: WindowState } {
  const slotMs = limit.windowMs / SLOTS;
  const slot = Math.floor(now / slotMs);
  const freedAt = (index: number): number => (index + 1) * slotMs + limit.windowMs + TOKEN_LIFE_MS;
  const slots = state.slots.filter(([index]) => freedAt(index) > now);
  const kept: WindowState = { slots, pausedUntil: state.pausedUntil };
  if (state.pausedUntil > now) return { granted: 0, waitMs: state.pausedUntil - now, paused: true, state: kept };

  const used = slots.reduce((sum, [, count]) => sum + count, 0);
  const usable = Math.max(1, Math.floor(limit.requests * USED_SHARE));
  const granted = Math.max(0, Math.min(want, usable - used - Math.min(reserve, usable - 1)));
  if (granted === 0) {
    const oldest = slots[0];
    return { granted, waitMs: oldest === undefined ? slotMs : freedAt(oldest[0]) - now, paused: false, state: kept };
  }
  const last = slots.at(-1);
  const grown =
    last !== undefined && last[0] === slot
      ? [...slots.slice(0, -1), [slot, last[1] + granted] as const]
      : [...slots, [slot, granted] as const];
  return { granted, waitMs: 0, paused: false, state: { slots: grown, pausedUntil: state.pausedUntil } };
}

/** Pauses a window until `until`; a pause that already lasts longer stays. */
export const pauseWindow = (state: WindowState, until: number): WindowState => ({
  ...state,
  pausedUntil: Math.max(state.pausedUntil, until),
});

/** The share of a window that is used up at `now`, in [0, 1]; 1 while it is paused. */
export function usedShare({ slots, pausedUntil }: WindowState, limit: RateLimit, now: number): number {
  if (pausedUntil > now) return 1;
  const slotMs = limit.windowMs / SLOTS;
  const used = slots.filter(([index]) => (index + 1) * slotMs + limit.windowMs > now).reduce((sum, [, count]) => sum + count, 0);
  return Math.min(1, used / limit.requests);
}

/** Stores one sliding window per route family, for all processes that share the store. */
export interface WindowStore {
  take(name: string, limit: RateLimit, want: number, reserve: number): Promise<Grant>;
  pause(name: string, waitMs: number): Promise<void>;
}

/** Windows in the memory of this process, for the command line's searches and for tests. */
export function createLocalWindows(now: () => number = Date.now): WindowStore {
  const windows = new Map<string, WindowState>();
  const stateOf = (name: string): WindowState => windows.get(name) ?? EMPTY_WINDOW;
  return {
    async take(name, limit, want, reserve) {
      const { state, ...grant } = grantTokens(stateOf(name), { limit, want, reserve, now: now() });
      windows.set(name, state);
      return grant;
    },
    async pause(name, waitMs) {
      windows.set(name, pauseWindow(stateOf(name), now() + waitMs));
    },
  };
}
