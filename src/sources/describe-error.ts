import { messageOf, PredictLabError } from '../contracts/errors.ts';

/**
 * The error that an adapter threw, named by its effect. Adapters name their own failures. Any other error is a fault of the adapter; a
 * retry may help, so it counts as an unavailable venue.
 */
export function venueFailure(venue: string, error: unknown): PredictLabError {
  if (error instanceof PredictLabError) return error;
  return new PredictLabError('SourceUnavailable', `collecting from ${venue} failed: ${messageOf(error)}`, { cause: error });
}
