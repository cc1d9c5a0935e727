import {
  ActivityFailure,
  ApplicationFailure,
  ChildWorkflowFailure,
  isCancellation,
  TerminatedFailure,
  TimeoutFailure,
} from '@temporalio/workflow';
import type { TaskError } from '../../contracts/run/pipeline-status.ts';
import type { AttemptDetails, TaskOutcome, TaskReport } from '../../contracts/task/stage-report.ts';

interface StartedTask {
  readonly taskId: string;
  readonly startedAt: number;
  /** Number of attempts that the task had in earlier activities of the same run. */
  readonly earlierAttempts: number;
}

/** The report of a task that succeeded. */
export function successReport({ taskId, startedAt }: StartedTask, outcome: TaskOutcome): TaskReport {
  return { ...outcome, taskId, kind: 'succeeded', startedAt, at: Date.now() };
}

/** The report of a task whose activity threw. */
export function failureReport({ taskId, startedAt, earlierAttempts }: StartedTask, thrown: unknown): TaskReport {
  const at = Date.now();
  if (isCancellation(thrown)) return { taskId, kind: 'cancelled', at, startedAt, attempts: earlierAttempts + 1 };
  const cause = thrown instanceof ActivityFailure ? thrown.cause : thrown;
  const details = attemptDetails(cause);
  if (details?.error !== undefined) return detailedReport({ taskId, startedAt, at }, details);
  return { taskId, kind: 'failed', at, startedAt, attempts: details?.attempts ?? earlierAttempts + 1, error: taskErrorOf(cause) };
}

/** The report of a task whose last attempt, before it returned its slot, failed. */
export function detailedReport(
  task: { readonly taskId: string; readonly startedAt: number; readonly at: number },
  { attempts, failures, spent, retryAfterMs, error }: AttemptDetails,
): TaskReport {
  if (retryAfterMs === undefined) return { ...task, kind: 'failed', attempts, error };
  const retry = { failures, ...(spent === undefined ? {} : { spent }), retryAt: task.at + retryAfterMs };
  return { ...task, kind: 'retryLater', attempts, ...retry, error };
}

/** The error that users see, extracted from any Temporal failure. */
export function taskErrorOf(thrown: unknown): TaskError {
  if (thrown instanceof ChildWorkflowFailure) return taskErrorOf(thrown.cause);
  if (thrown instanceof TerminatedFailure) {
    return {
      type: 'Terminated',
      message: 'the symbol workflow was terminated from outside; start the symbol again with `predictlab retry`',
    };
  }
  if (thrown instanceof TimeoutFailure) {
    return { type: 'TaskTimeout', message: 'no worker finished the task in time; see that workers are running (`predictlab doctor`)' };
  }
  if (thrown instanceof ApplicationFailure) return { type: thrown.type ?? 'Error', message: thrown.message, stack: thrown.stack };
  if (thrown instanceof Error) return { type: thrown.name, message: thrown.message, stack: thrown.stack };
  return { type: 'Error', message: String(thrown) };
}

function attemptDetails(cause: unknown): AttemptDetails | undefined {
  return cause instanceof ApplicationFailure ? (cause.details?.[0] as AttemptDetails | undefined) : undefined;
}
