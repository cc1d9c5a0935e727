import type { ActivityOptions, LocalActivityOptions } from '@temporalio/workflow';
import type { TaskPolicy } from '../contracts/run/run-config.ts';
import { mostFailures } from '../contracts/task/after-failure.ts';
import { fitSummary } from '../scheduling/payload/fit-summary.ts';

/** A worker that dies misses its heartbeat, and the attempt is given to another worker at once. */
export const HEARTBEAT_TIMEOUT_MS = 5_000;
/** The activity times itself out (`TaskTimeout`, counted as a failure); the server's limit only catches a hung process. */
export const TIMEOUT_GRACE_MS = 15_000;
/** Attempts that end with their worker are no failures of the task; so many are forgiven before the task fails. */
const LOST_WORKERS_FORGIVEN = 20;

/**
 * How Temporal runs one task. Its own retry delay is short, for lost workers; a failed attempt sets its own delay with
 * `nextRetryDelay` and counts its failures itself (`activities/runner/task-runner.ts`).
 */
export function activityOptions({ taskId, name = taskId, policy }: { taskId: string; name?: string; policy: TaskPolicy }): ActivityOptions {
  return {
    // The server lists attempts under way by this id; the client finds a task's there.
    activityId: taskId,
    startToCloseTimeout: policy.timeoutMs + TIMEOUT_GRACE_MS,
    heartbeatTimeout: HEARTBEAT_TIMEOUT_MS,
    retry: { initialInterval: 1_000, backoffCoefficient: 1, maximumAttempts: mostFailures(policy) + LOST_WORKERS_FORGIVEN },
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
    // The Web UI shows it beside the type; the id alone says as much where nobody gave a name.
    ...(name === taskId ? {} : { summary: fitSummary(name) }),
  };
}

/**
 * The run's own bookkeeping (check the input, record the end): tried until storage is back. Local activities, run by whoever
 * has the workflow task: they are short, safe to repeat, and a small run would spend more time on their dispatch than on them.
 */
export const BOOKKEEPING: LocalActivityOptions = {
  startToCloseTimeout: 60_000,
  retry: { initialInterval: 1_000, backoffCoefficient: 2, maximumInterval: 30_000, maximumAttempts: 20 },
};

/** A run that is under way is not given up because the database is away for longer. */
export const GOING_ON: LocalActivityOptions = { ...BOOKKEEPING, retry: { ...BOOKKEEPING.retry, maximumAttempts: undefined } };
