import type { Precedence } from '../../budget/rate-limits.ts';
import type { VenueClient } from '../http/venue-client.ts';

export type PredictApi = VenueClient;

/** With which precedence a request draws on its budget and what cancels it. */
export interface Call {
  readonly precedence: Precedence;
  readonly signal: AbortSignal;
}

/** The source type of this venue, and the first part of its instruments’ ids. */
export const VENUE = 'predict';
