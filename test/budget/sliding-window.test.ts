import { setMaxListeners } from 'node:events';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Precedence, precedenceOf, type RateBudget, type RateLimit } from '../../src/budget/rate-limits.ts';
import {
  createLocalWindows,
  EMPTY_WINDOW,
  grantTokens,
  pauseWindow,
  TOKEN_LIFE_MS,
  usedShare,
  type WindowState,
  type WindowStore,
} from '../../src/budget/sliding-window.ts';
import { createTokenPool, MAX_WAIT_MS } from '../../src/budget/token-pool.ts';

const LIMIT: RateLimit = { requests: 100, windowMs: 10_000 };

describe('a sliding window', () => {
  it('never exceeds the limit in any window, whatever the arrival and delay of requests', () => {
    const arrival = fc.record({
      after: fc.integer({ min: 0, max: 3000 }),
      want: fc.integer({ min: 1, max: 60 }),
      held: fc.integer({ min: 0, max: TOKEN_LIFE_MS }),
    });
    fc.assert(
      fc.property(fc.array(arrival, { maxLength: 80 }), (arrivals) => {
        let state: WindowState = EMPTY_WINDOW;
        let now = 1_000_000;
        const sent: number[] = [];
        for (const { after, want, held } of arrivals) {
          now += after;
          const grant = grantTokens(state, { limit: LIMIT, want, reserve: 0, now });
          state = grant.state;
          for (let i = 0; i < grant.granted; i++) sent.push(now + held);
        }
        sent.sort((a, b) => a - b);
        return sent.every((time, index) => index < LIMIT.requests || time - sent[index - LIMIT.requests] > LIMIT.windowMs);
      }),
    );
  });

  it('grants nearly the whole limit at once, and grants again when tokens are free', () => {
    const burst = grantTokens(EMPTY_WINDOW, { limit: LIMIT, want: 500, reserve: 0, now: 0 });
    expect(burst.granted).toBe(95);
    const refused = grantTokens(burst.state, { limit: LIMIT, want: 1, reserve: 0, now: 1000 });
    expect(refused).toMatchObject({ granted: 0, paused: false });
    expect(grantTokens(burst.state, { limit: LIMIT, want: 1, reserve: 0, now: 1000 + refused.waitMs }).granted).toBe(1);
  });

  it('leaves the reserved tokens to others', () => {
    expect(grantTokens(EMPTY_WINDOW, { limit: LIMIT, want: 500, reserve: 30, now: 0 }).granted).toBe(65);
  });

  it('serves even the smallest limit', () => {
    expect(grantTokens(EMPTY_WINDOW, { limit: { requests: 1, windowMs: 1000 }, want: 1, reserve: 1, now: 0 }).granted).toBe(1);
  });

  it('grants nothing while the venue requests a pause, and a shorter pause does not end a longer one', () => {
    const paused = pauseWindow(pauseWindow(EMPTY_WINDOW, 9000), 2000);
    expect(grantTokens(paused, { limit: LIMIT, want: 1, reserve: 0, now: 4000 })).toMatchObject({ granted: 0, waitMs: 5000, paused: true });
    expect(grantTokens(paused, { limit: LIMIT, want: 1, reserve: 0, now: 9000 }).granted).toBe(1);
  });
});

describe('a token pool', () => {
  const never = new AbortController().signal;
  // any number of requests may wait on one signal
  setMaxListeners(0, never);
  const pool = (requests: number, windowMs = 60_000): RateBudget =>
    createTokenPool({ store: createLocalWindows(), limits: { 'polymarket/data-trades': { requests, windowMs } } });

  it('serves live requests before backfills that wait longer', async () => {
    const budget = pool(2, 200);
    const order: string[] = [];
    await budget.take('polymarket/data-trades', 'live', never);
    const waiting = [
      ...['a', 'b'].map((name) => budget.take('polymarket/data-trades', 'backfill', never).then(() => order.push(`backfill ${name}`))),
      budget.take('polymarket/data-trades', 'live', never).then(() => order.push('live')),
    ];
    await Promise.all(waiting);
    expect(order[0]).toBe('live');
  });

  it('drops a caller from the queue when it is cancelled', async () => {
    const budget = pool(1);
    await budget.take('polymarket/data-trades', 'live', never);
    const controller = new AbortController();
    const waiting = budget.take('polymarket/data-trades', 'live', controller.signal);
    controller.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
  });

  it('reports a long pause as RateLimited, with the time to wait', async () => {
    const budget = pool(100);
    await budget.pause('polymarket/data-trades', 90_000);
    const error = budget.take('polymarket/data-trades', 'live', never);
    await expect(error).rejects.toMatchObject({ type: 'RateLimited', retryAfterMs: expect.closeTo(90_000, -3) as number });
  });

  it('states the cause of a long wait, and blames the venue only if the venue requested a pause', async () => {
    const budget = createTokenPool({
      store: createLocalWindows(() => 0),
      limits: { 'predict/trading': { requests: 500, windowMs: 60_000 } },
    });
    const take = async () => await budget.take('predict/trading', 'live', never);
    const all = await Promise.allSettled(Array.from({ length: 500 }, take));
    expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(475);
    await expect(take()).rejects.toMatchObject({
      type: 'RateLimited',
      message: 'the budget of predict/trading, 500 requests in 60 s, is used up; the first are free again in 64 s',
    });
    // a backfill is refused sooner, and its error does not say that the venue refuses everybody
    const other = createTokenPool({
      store: createLocalWindows(() => 0),
      limits: { 'predict/trading': { requests: 500, windowMs: 60_000 } },
    });
    const backfills = await Promise.allSettled(Array.from({ length: 500 }, () => other.take('predict/trading', 'backfill', never)));
    expect(backfills.at(-1)).toMatchObject({
      reason: {
        message:
          'the budget of predict/trading, 500 requests in 60 s, is used up except for the share reserved for live runs; the first are free again in 64 s',
      },
    });
    await other.take('predict/trading', 'live', never);
    await budget.pause('predict/trading', 70_000);
    await expect(take()).rejects.toMatchObject({
      message: 'predict/trading asked for a pause; its budget opens again in 70 s',
      retryAfterMs: 70_000,
    });
  });

  it('fetches tokens ahead of requests, uses them until they expire, and reserves a part of the limit for live requests', async () => {
    const asked: (readonly [want: number, reserve: number])[] = [];
    const store: WindowStore = {
      take: async (_name, _limit, want, reserve) => {
        asked.push([want, reserve]);
        return { granted: want, waitMs: 0, paused: false };
      },
      pause: async () => undefined,
    };
    const budget = createTokenPool({ store, limits: { 'predict/general': { requests: 100, windowMs: 60_000 } } });
    const take = async (precedence: Precedence) => await budget.take('predict/general', precedence, never);
    await take('live');
    expect(asked).toEqual([[6, 0]]);
    for (let i = 0; i < 5; i++) await take('live');
    expect(asked).toHaveLength(1);
    await take('backfill');
    expect(asked).toEqual([
      [6, 0],
      [6, 30],
    ]);
    // tokens that were fetched ahead expire, because the venue would count them in another window
    await new Promise((resolve) => setTimeout(resolve, TOKEN_LIFE_MS + 1));
    await take('live');
    expect(asked).toHaveLength(3);
    await budget.pause('predict/general', 1);
    await take('live');
    expect(asked).toHaveLength(4);
  });

  it('waits up to the maximum wait, and rejects a request that would wait longer', async () => {
    const waits = [MAX_WAIT_MS, 0];
    const answer = (waitMs: number) => ({ granted: waitMs === 0 ? 1 : 0, waitMs, paused: true });
    const store = (next: () => number): WindowStore => ({ take: async () => answer(next()), pause: async () => undefined });
    const limits = { 'predict/general': { requests: 100, windowMs: 60_000 } };
    await createTokenPool({ store: store(() => waits.shift() ?? 0), limits }).take('predict/general', 'live', never);
    expect(waits).toEqual([]);
    const long = createTokenPool({ store: store(() => 10 * 60_000), limits }).take('predict/general', 'live', never);
    await expect(long).rejects.toMatchObject({ type: 'RateLimited', retryAfterMs: 10 * 60_000 });
  });

  it('rejects a caller that was cancelled before its request', async () => {
    await expect(pool(1).take('polymarket/data-trades', 'live', AbortSignal.abort(new Error('over')))).rejects.toThrow('over');
  });

  it('uses only the configured share of the limit', async () => {
    const store = createLocalWindows(() => 0);
    const budget = createTokenPool({ store, share: 0.1, limits: { 'predict/general': { requests: 100, windowMs: 60_000 } } });
    await Promise.all(Array.from({ length: 9 }, () => budget.take('predict/general', 'live', never)));
    expect((await store.take('predict/general', { requests: 10, windowMs: 60_000 }, 1, 0)).granted).toBe(0);
    await expect(budget.take('predict/general', 'live', never)).rejects.toThrow(
      'the budget of predict/general, 10 requests in 60 s, is used up',
    );
  });
});

describe('the used share of a window', () => {
  const limit = { requests: 100, windowMs: 10_000 };
  const granted = (at: number, want: number, state = EMPTY_WINDOW) => grantTokens(state, { limit, want, reserve: 0, now: at }).state;

  it('is what was granted in the window, and 0 once the window of the grant is over', () => {
    const state = granted(1_000_000, 30, granted(1_000_000, 20));
    expect(usedShare(state, limit, 1_000_000)).toBe(0.5);
    // the grants' slot of half a second has ended at 1,000,500
    expect(usedShare(state, limit, 1_010_499)).toBe(0.5);
    expect(usedShare(state, limit, 1_010_500)).toBe(0);
  });

  it('is 1 while the venue requests a pause', () => {
    const paused = pauseWindow(EMPTY_WINDOW, 2_000_000);
    expect([1_999_999, 2_000_000].map((now) => usedShare(paused, limit, now))).toEqual([1, 0]);
  });

  it('is computed from one count per slot, so that the state stays small', () => {
    const state = granted(1_000_600, 1, granted(1_000_499, 2, granted(1_000_000, 3)));
    expect(state.slots.map(([, count]) => count)).toEqual([5, 1]);
  });
});

describe('the precedence of requests', () => {
  it('is live for a run whose asOf is at most an hour old, and otherwise that of a backfill', () => {
    const now = Date.UTC(2026, 0, 5);
    expect([now + 1, now - 3_600_000, now - 3_600_001].map((asOf) => precedenceOf(asOf, now))).toEqual(['live', 'live', 'backfill']);
  });
});
