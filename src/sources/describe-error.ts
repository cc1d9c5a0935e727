import { messageOf, PredictLabError } from '../contracts/errors.ts';

/**
 * What an adapter threw, named by its effect. Adapters name their own failures; what is left is a fault in an adapter,
 * which trying again may or may not get round, so it counts as the venue being unavailable.
 */
export function venueFailure(venue: string, error: unknown): PredictLabError {
  if (error instanceof PredictLabError) return error;
  return new PredictLabError('SourceUnavailable', `collecting from ${venue} failed: ${messageOf(error)}`, { cause: error });
}
