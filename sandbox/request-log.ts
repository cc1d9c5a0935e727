import type { VenueName } from './market.ts';

/** One request as the sandbox saw it. */
export interface LoggedRequest {
  /** Real time, UTC epoch milliseconds with fractions: for measuring politeness, whatever the sandbox's clock says. */
  readonly time: number;
  readonly venue: VenueName;
  /** The route without ids, after the venue's prefix: `/data/v2/trades`, `/v1/markets/{id}/orderbook`. */
  readonly route: string;
  /** The whole path with its query. */
  readonly url: string;
  /** 0 when the connection was cut before an answer. */
  readonly status: number;
  /** The same number = the same connection. */
  readonly connectionId: number;
}

/** The route of a path: its ids replaced by their names. */
export const routeOf = (path: string): string =>
  path
    .replace(/\/slug\/[^/]+/, '/slug/{slug}')
    .replace(/\/markets\/\d+/, '/markets/{id}')
    .replace(/\/categories\/[^/]+/, '/categories/{slug}');

/** The most requests that fell into any window of the given length (milliseconds). */
export function peakWithin(requests: readonly LoggedRequest[], windowMs: number): number {
  let peak = 0;
  let first = 0;
  for (let last = 0; last < requests.length; last++) {
    while (requests[first].time <= requests[last].time - windowMs) first++;
    peak = Math.max(peak, last - first + 1);
  }
  return peak;
}
