import { isGrpcServiceError, ServiceError } from '@temporalio/client';
import { messageOf } from '../contracts/errors.ts';

/** gRPC's code for a server that is not there, or not yet. */
const UNAVAILABLE = 14;

/** Whether Temporal itself did not answer. */
export function isUnavailable(error: unknown): boolean {
  const cause = error instanceof ServiceError ? error.cause : error;
  return isGrpcServiceError(cause) && (cause.code as number) === UNAVAILABLE;
}

/** What the server said, not only which call of the client failed. */
export function serviceMessage(error: unknown): string {
  const cause = error instanceof ServiceError ? error.cause : error;
  if (!isGrpcServiceError(cause) || !cause.details) return messageOf(error);
  return cause.details.replace(/^No connection established\. Last error: (Error: )?/, '').replace(/\.? Resolution note:.*$/s, '');
}
