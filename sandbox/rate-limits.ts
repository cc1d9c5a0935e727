/** The venues' published limits: requests per window, by route. */

interface Limit {
  readonly matches: (path: string) => boolean;
  readonly requests: number;
}

const starts =
  (...prefixes: readonly string[]) =>
  (path: string): boolean =>
    prefixes.some((prefix) => path.startsWith(prefix));

/** Polymarket's limits per sliding window of 10 s. The first match counts. */
const POLYMARKET: readonly Limit[] = [
  { matches: starts('/gamma/events'), requests: 500 },
  { matches: starts('/gamma/markets'), requests: 300 },
  { matches: starts('/gamma/public-search'), requests: 350 },
  { matches: starts('/gamma'), requests: 4000 },
  { matches: starts('/data/trades', '/data/v2/trades'), requests: 200 },
  { matches: starts('/data/v2/prices-history'), requests: 200 },
  { matches: starts('/data'), requests: 1000 },
  { matches: starts('/clob/prices-history'), requests: 1000 },
  { matches: starts('/clob/book', '/clob/midpoint', '/clob/spread'), requests: 1500 },
  { matches: starts('/clob'), requests: 9000 },
];

/** Predict.fun's limits per calendar minute. The first match counts. */
const PREDICT: readonly Limit[] = [
  { matches: (path) => path.startsWith('/v1/orders') || path.endsWith('/orderbook'), requests: 500 },
  { matches: starts('/v1/search'), requests: 120 },
  { matches: () => true, requests: 250 },
];

const POLYMARKET_WINDOW = 10_000;
const PREDICT_WINDOW = 60_000;

/** State of a limit after a request; `over` means that the request exceeds the limit. */
export interface Allowance {
  readonly over: boolean;
  readonly limit: number;
  readonly remaining: number;
  /** Seconds until a request is allowed again. */
  readonly resetSeconds: number;
}

/** Counts the requests of each limit in real time. */
export class RateLimits {
  readonly #sliding = new Map<Limit, number[]>();
  readonly #minutes = new Map<Limit, { minute: number; count: number }>();

  polymarket(path: string, time: number): Allowance {
    const limit = POLYMARKET.find((each) => each.matches(path)) ?? POLYMARKET[3];
    const times = (this.#sliding.get(limit) ?? []).filter((each) => each > time - POLYMARKET_WINDOW);
    this.#sliding.set(limit, times);
    const over = times.length >= limit.requests;
    if (!over) times.push(time);
    const oldest = times[0] ?? time;
    return {
      over,
      limit: limit.requests,
      remaining: limit.requests - times.length,
      resetSeconds: Math.max(1, Math.ceil((oldest + POLYMARKET_WINDOW - time) / 1000)),
    };
  }

  predict(path: string, time: number): Allowance {
    const limit = PREDICT.find((each) => each.matches(path))!;
    const minute = Math.floor(time / PREDICT_WINDOW);
    const window = this.#minutes.get(limit);
    const used = window?.minute === minute ? window.count : 0;
    const over = used >= limit.requests;
    this.#minutes.set(limit, { minute, count: over ? used : used + 1 });
    return {
      over,
      limit: limit.requests,
      remaining: Math.max(0, limit.requests - used - 1),
      resetSeconds: Math.max(1, Math.ceil(((minute + 1) * PREDICT_WINDOW - time) / 1000)),
    };
  }
}
