import { isGrpcServiceError, ServiceError } from '@temporalio/client';
import { messageOf } from '../contracts/errors.ts';

/** gRPC's code for a server that is not there, or not yet. */
const UNAVAILABLE = 14;
/** The server is there, but no worker took the question in time; many such questions fill its buffer. */
const UNANSWERED: ReadonlySet<number> = new Set([4, 8]);
/** We gave the call up, or the server did: it may see our deadline pass a moment before we do. */
const CANCELLED = 1;
/** It knows beforehand that nobody polls for the build that a run is pinned to. */
const FAILED_PRECONDITION = 9;

/** Whether Temporal itself did not answer. */
export const isUnavailable = (error: unknown): boolean => codeOf(error) === UNAVAILABLE;

/** Whether Temporal answered, but the run did not: no worker is up, or none had time. */
export function isUnanswered(error: unknown): boolean {
  const code = codeOf(error);
  if (code === FAILED_PRECONDITION) return /no poller/.test(serviceMessage(error));
  if (code !== undefined) return UNANSWERED.has(code);
  return error instanceof Error && error.name === 'WorkflowUpdateRPCTimeoutOrCancelledError';
}

/** Whether a call was given up, by us or by the server, as `Questions.ask` says it. */
export const isGivenUp = (error: unknown): boolean =>
  codeOf(error instanceof Error && error.cause instanceof ServiceError ? error.cause : error) === CANCELLED;

function codeOf(error: unknown): number | undefined {
  const cause = error instanceof ServiceError ? error.cause : error;
  return isGrpcServiceError(cause) ? cause.code : undefined;
}

/** What the server said, not only which call of the client failed. */
export function serviceMessage(error: unknown): string {
  const cause = error instanceof ServiceError ? error.cause : error;
  if (!isGrpcServiceError(cause) || !cause.details) return messageOf(error);
  return cause.details.replace(/^No connection established\. Last error: (Error: )?/, '').replace(/\.? Resolution note:.*$/s, '');
}
