import { WorkflowNotFoundError } from '@temporalio/client';

/** For a workflow that may not have begun yet, or has ended: undefined where Temporal has none of it. */
export function unlessUnknown(error: unknown): undefined {
  if (error instanceof WorkflowNotFoundError) return undefined;
  throw error;
}
