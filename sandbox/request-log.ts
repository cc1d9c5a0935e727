import type { VenueName } from './market.ts';

/** One request that the sandbox received. */
export interface LoggedRequest {
  /** Real time of the request, UTC epoch milliseconds with fractions, for measuring request rates; not the sandbox's clock. */
  readonly time: number;
  readonly venue: VenueName | 'kalshi';
  /** The route with its ids replaced, after the venue's prefix: `/data/v2/trades`, `/v1/markets/{id}/orderbook`. */
  readonly route: string;
  /** The whole path with its query. */
  readonly url: string;
  /** Status of the answer; 0 when the connection was cut before an answer. */
  readonly status: number;
  /** Number of the connection; requests over one connection have the same number. */
  readonly connectionId: number;
}

/** The route of a path, with its ids replaced by their names. */
export const routeOf = (path: string): string =>
  path
    .replace(/\/slug\/[^/]+/, '/slug/{slug}')
    .replace(/\/markets\/\d+/, '/markets/{id}')
    .replace(/\/categories\/[^/]+/, '/categories/{slug}');

/** The largest number of requests in any window of the given length in milliseconds. */
export function peakWithin(requests: readonly LoggedRequest[], windowMs: number): number {
  let peak = 0;
  let first = 0;
  for (let last = 0; last < requests.length; last++) {
    while (requests[first].time <= requests[last].time - windowMs) first++;
    peak = Math.max(peak, last - first + 1);
  }
  return peak;
}
