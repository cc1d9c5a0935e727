import { isGrpcServiceError, ServiceError } from '@temporalio/client';
import { messageOf } from '../contracts/errors.ts';

/** gRPC's code for an unreachable server. */
const UNAVAILABLE = 14;
/** gRPC's codes when no worker took a query in time, or too many queries are waiting. */
const UNANSWERED: ReadonlySet<number> = new Set([4, 8]);
/** gRPC's code for a call that was aborted by us, or by the server, which may see our deadline pass a moment earlier. */
const CANCELLED = 1;
/** gRPC's code when no worker polls for the build that a run is pinned to. */
const FAILED_PRECONDITION = 9;

/** Whether Temporal is unreachable. */
export const isUnavailable = (error: unknown): boolean => codeOf(error) === UNAVAILABLE;

/** Whether Temporal answered, but the run did not: no worker is running, or none had time. */
export function isUnanswered(error: unknown): boolean {
  const code = codeOf(error);
  if (code === FAILED_PRECONDITION) return /no poller/.test(serviceMessage(error));
  if (code !== undefined) return UNANSWERED.has(code);
  return error instanceof Error && error.name === 'WorkflowUpdateRPCTimeoutOrCancelledError';
}

/** Whether a call was aborted by us or by the server; also recognises the error as `TemporalCalls.make` translates it. */
export const isGivenUp = (error: unknown): boolean =>
  codeOf(error instanceof Error && error.cause instanceof ServiceError ? error.cause : error) === CANCELLED;

function codeOf(error: unknown): number | undefined {
  const cause = error instanceof ServiceError ? error.cause : error;
  return isGrpcServiceError(cause) ? cause.code : undefined;
}

/** The server's message of an error, instead of the client's, which only names the failed call. */
export function serviceMessage(error: unknown): string {
  const cause = error instanceof ServiceError ? error.cause : error;
  if (!isGrpcServiceError(cause) || !cause.details) return messageOf(error);
  return cause.details.replace(/^No connection established\. Last error: (Error: )?/, '').replace(/\.? Resolution note:.*$/s, '');
}
