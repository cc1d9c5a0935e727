import { messageOf, PredictLabError } from '../contracts/errors.ts';

/**
 * Returns an adapter's error as a PredictLabError. Adapters throw PredictLabErrors themselves. Any other error is a fault of the adapter
 * that a retry may fix, so it counts as an unavailable venue.
 */
export function venueFailure(venue: string, error: unknown): PredictLabError {
  if (error instanceof PredictLabError) return error;
  return new PredictLabError('SourceUnavailable', `collecting from ${venue} failed: ${messageOf(error)}`, { cause: error });
}
