import { WorkflowNotFoundError } from '@temporalio/client';

/** For a workflow that may not have begun yet: undefined where Temporal does not know it. */
export function unlessUnknown(error: unknown): undefined {
  if (error instanceof WorkflowNotFoundError) return undefined;
  throw error;
}
