import type { ActivityOptions, LocalActivityOptions } from '@temporalio/workflow';
import type { TaskPolicy } from '../contracts/run/run-config.ts';
import { mostFailures } from '../contracts/task/after-failure.ts';
import { fitSummary } from '../scheduling/payload/budget.ts';

/** After this time without a heartbeat the worker counts as dead, and another worker gets the attempt immediately. */
export const HEARTBEAT_TIMEOUT_MS = 5_000;
/** Time beyond a task's timeout until the server ends the attempt. The activity times out by itself; this only catches a hung process. */
export const TIMEOUT_GRACE_MS = 15_000;
/** Number of attempts that may be lost with their workers before the task fails. */
const LOST_WORKERS_FORGIVEN = 20;

/**
 * Temporal's options for one task. The retry delay here is short, for lost workers; a failed attempt sets its own delay with
 * `nextRetryDelay` and counts its failures itself (`activities/runner/task-runner.ts`).
 */
export function activityOptions({ taskId, name = taskId, policy }: { taskId: string; name?: string; policy: TaskPolicy }): ActivityOptions {
  return {
    // the server lists running attempts by this id, by which the client finds a task's attempt
    activityId: taskId,
    startToCloseTimeout: policy.timeoutMs + TIMEOUT_GRACE_MS,
    heartbeatTimeout: HEARTBEAT_TIMEOUT_MS,
    retry: { initialInterval: 1_000, backoffCoefficient: 1, maximumAttempts: mostFailures(policy) + LOST_WORKERS_FORGIVEN },
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
    // shown by the Web UI next to the type; without a name it would only repeat the id
    ...(name === taskId ? {} : { summary: fitSummary(name) }),
  };
}

/**
 * Options of the run's own bookkeeping (check the input, record the end), which is retried until storage is back. These are local
 * activities of the worker that has the workflow task: short and safe to repeat, and dispatching them would take longer than running them.
 */
export const BOOKKEEPING: LocalActivityOptions = {
  startToCloseTimeout: 60_000,
  retry: { initialInterval: 1_000, backoffCoefficient: 2, maximumInterval: 30_000, maximumAttempts: 20 },
};

/** The same for a run that is already open: it waits for the database however long that takes. */
export const CONTINUING: LocalActivityOptions = { ...BOOKKEEPING, retry: { ...BOOKKEEPING.retry, maximumAttempts: undefined } };
