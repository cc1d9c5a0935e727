import type { Precedence } from '../../budget/rate-limits.ts';
import type { VenueClient } from '../http/venue-client.ts';

export type PredictApi = VenueClient;

/** Precedence of a request in its rate budget, and the signal that cancels it. */
export interface Call {
  readonly precedence: Precedence;
  readonly signal: AbortSignal;
}

/** The source type of this venue, and the first part of its instruments’ ids. */
export const VENUE = 'predict';
