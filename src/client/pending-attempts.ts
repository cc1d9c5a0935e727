import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import { decodeArrayFromPayloads, decodeOptionalFailureToOptionalError } from '@temporalio/common/lib/internal-non-workflow/index.js';
import { LISTING_ID } from '../contracts/words.ts';
import { millisecondsOf } from './deployments/polling.ts';

/** An attempt that is running in Temporal or waits for its retry. */
export interface PendingAttempt {
  readonly attempt: number;
  /** Time of the next attempt; absent while an attempt is running. UTC epoch milliseconds. */
  readonly retryAt?: number;
  readonly lastFailure?: string;
  /** For the listing of universes, the one that is listed and the number of its markets so far. */
  readonly listed?: { readonly universe: string; readonly markets: number };
}

/** A sentence about a run that lists the markets of its universes before its first task; undefined for any other run. */
export function listingSentence(attempts: ReadonlyMap<string, PendingAttempt>): string | undefined {
  const { listed, retryAt, attempt, lastFailure } = attempts.get(LISTING_ID) ?? {};
  if (attempt === undefined) return undefined;
  const what = listed === undefined ? 'the markets of its universes' : `the markets of ${listed.universe}, ${listed.markets} so far`;
  const again =
    retryAt === undefined
      ? ''
      : `; attempt ${attempt} starts at ${new Date(retryAt).toISOString()}: ${lastFailure ?? 'the last one failed'}`;
  return `before its first task the run lists ${what}${again}`;
}

const CHILDREN_AT_ONCE = 10;

/**
 * Lists the running attempts of a run by task id. It asks the server, because a workflow is not notified of an activity's retries.
 * Describes each open child (at most `maxConcurrent`), or only the children of `symbols`.
 */
export async function pendingAttempts(
  client: Client,
  run: WorkflowExecutionDescription,
  symbols?: ReadonlySet<string>,
): Promise<ReadonlyMap<string, PendingAttempt>> {
  const found = new Map<string, PendingAttempt>();
  const isWanted = (id: string): boolean => symbols === undefined || symbols.has(id.slice(run.workflowId.length + 1));
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
          // The child has ended between the two calls and has no attempts any more.
        }
      }),
    );
  }
  return found;
}

async function addAttempts(client: Client, found: Map<string, PendingAttempt>, { raw }: WorkflowExecutionDescription): Promise<void> {
  for (const pending of raw.pendingActivities ?? []) {
    // The activity id is the task's id.
    const taskId = pending.activityId;
    if (!taskId) continue;
    // With a payload key the failure is encrypted, so it is decoded first.
    const [listed] =
      taskId === LISTING_ID ? await decodeArrayFromPayloads(client.options.loadedDataConverter, pending.heartbeatDetails?.payloads) : [];
    const lastFailure = await decodeOptionalFailureToOptionalError(client.options.loadedDataConverter, pending.lastFailure);
    const next = pending.nextAttemptScheduleTime;
    found.set(taskId, {
      attempt: pending.attempt ?? 1,
      ...(next && (pending.attempt ?? 1) > 1 ? { retryAt: millisecondsOf(next) } : {}),
      ...(lastFailure?.message ? { lastFailure: lastFailure.message } : {}),
      ...(listed === undefined || listed === null ? {} : { listed: listed as { universe: string; markets: number } }),
    });
  }
}
