import type { Client, WorkflowExecutionDescription, WorkflowHandle } from '@temporalio/client';
import { decodeOptionalFailureToOptionalError } from '@temporalio/common/lib/internal-non-workflow/index.js';

/** An attempt that Temporal has under way or is about to try again. */
export interface PendingAttempt {
  readonly attempt: number;
  /** UTC epoch milliseconds of the next attempt, while one is waited for. */
  readonly retryAt?: number;
  readonly lastFailure?: string;
}

/** Asks this many open children at once. */
const CHILDREN_AT_ONCE = 10;

/**
 * The attempts under way in a run, by task id: a workflow does not hear of retries inside an activity, the server knows.
 * Asks the run and each of its open children (at most `maxConcurrent`), or those of `symbols` only.
 */
export async function pendingAttempts(
  client: Client,
  handle: WorkflowHandle,
  symbols?: ReadonlySet<string>,
): Promise<ReadonlyMap<string, PendingAttempt>> {
  const found = new Map<string, PendingAttempt>();
  const isWanted = (id: string): boolean => symbols === undefined || symbols.has(id.slice(handle.workflowId.length + 1));
  const run = await handle.describe();
  await addAttempts(client, found, run);
  const children = (run.raw.pendingChildren ?? [])
    .map((child) => child.workflowId)
    .filter((id): id is string => typeof id === 'string' && isWanted(id));
  for (let from = 0; from < children.length; from += CHILDREN_AT_ONCE) {
    await Promise.all(
      children.slice(from, from + CHILDREN_AT_ONCE).map(async (childId) => {
        try {
          await addAttempts(client, found, await client.workflow.getHandle(childId).describe());
        } catch {
          // The child ended between the two questions: it has no attempts any more.
        }
      }),
    );
  }
  return found;
}

async function addAttempts(client: Client, found: Map<string, PendingAttempt>, { raw }: WorkflowExecutionDescription): Promise<void> {
  for (const pending of raw.pendingActivities ?? []) {
    // A task's activity carries the task's id.
    const taskId = pending.activityId;
    if (!taskId) continue;
    // Sealed where there is a payload key.
    const lastFailure = await decodeOptionalFailureToOptionalError(client.options.loadedDataConverter, pending.lastFailure);
    const next = pending.nextAttemptScheduleTime;
    found.set(taskId, {
      attempt: pending.attempt ?? 1,
      ...(next && (pending.attempt ?? 1) > 1 ? { retryAt: Number(next.seconds) * 1000 + Math.floor((next.nanos ?? 0) / 1e6) } : {}),
      ...(lastFailure?.message ? { lastFailure: lastFailure.message } : {}),
    });
  }
}
