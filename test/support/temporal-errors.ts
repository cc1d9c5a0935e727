import { WorkflowNotFoundError } from '@temporalio/client';

/** Returns undefined for the error of a workflow that Temporal does not know: it has not started yet, or has ended. */
export function unlessUnknown(error: unknown): undefined {
  if (error instanceof WorkflowNotFoundError) return undefined;
  throw error;
}
