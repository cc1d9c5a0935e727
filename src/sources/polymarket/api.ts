import type { Precedence } from '../../budget/rate-limits.ts';
import type { VenueClient } from '../http/venue-client.ts';

/** Clients of Polymarket's three hosts, each with its own connections. */
export interface PolymarketApi {
  readonly gamma: VenueClient;
  readonly clob: VenueClient;
  readonly data: VenueClient;
}

/** Precedence of a request in its rate budget, and the signal that cancels it. */
export interface Call {
  readonly precedence: Precedence;
  readonly signal: AbortSignal;
}

/** The source type of this venue, and the first part of its instruments’ ids. */
export const VENUE = 'polymarket';
