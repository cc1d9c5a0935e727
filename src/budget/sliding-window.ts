import type { RateLimit } from './rate-limits.ts';

/** What was granted lately: `[slot, count]`, oldest first, and until when nothing may be granted. Small JSON. */
export interface WindowState {
  readonly slots: readonly (readonly [slot: number, count: number])[];
  /** UTC epoch milliseconds. */
  readonly pausedUntil: number;
}

/** A window in which nothing was asked for yet. */
export const EMPTY_WINDOW: WindowState = { slots: [], pausedUntil: 0 };

export interface Grant {
  /** Whole tokens, at most as many as asked for. */
  readonly granted: number;
  /** How long to wait before asking again when nothing was granted. */
  readonly waitMs: number;
  /** Nothing was granted because the venue asked for the wait, and not because the window is used up. */
  readonly paused: boolean;
}

/** How long a worker may keep a token before it is sent, network included. */
export const TOKEN_LIFE_MS = 500;
/** A window is counted in so many slots: what is granted in a slot is freed together. */
const SLOTS = 20;
/** Room for a clock that is not ours. */
const USED_SHARE = 0.95;

/**
 * Grants tokens so that no window of `limit.windowMs`, wherever it starts, sees more than `limit.requests` of them used: what
 * was granted counts for the window, one slot and a token's life. Bursts are fine, the sum is not passed.
 *
 * @param reserve tokens that must stay free for others
 * @param now UTC epoch milliseconds, of one clock for all who share the state
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

/** Nothing more before `until`; an earlier, longer pause stays. */
export const pauseWindow = (state: WindowState, until: number): WindowState => ({
  ...state,
  pausedUntil: Math.max(state.pausedUntil, until),
});

/** How much of a window is used up at `now`, in [0, 1]; 1 while it is paused. */
export function usedShare({ slots, pausedUntil }: WindowState, limit: RateLimit, now: number): number {
  if (pausedUntil > now) return 1;
  const slotMs = limit.windowMs / SLOTS;
  const used = slots.filter(([index]) => (index + 1) * slotMs + limit.windowMs > now).reduce((sum, [, count]) => sum + count, 0);
  return Math.min(1, used / limit.requests);
}
