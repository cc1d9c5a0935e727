import {
  ActivityFailure,
  type ActivityOptions,
  ApplicationFailure,
  type LocalActivityOptions,
  proxyActivities,
  proxyLocalActivities,
  TimeoutFailure,
} from '@temporalio/workflow';
import type { TaskPolicy } from '../contracts/run/run-config.ts';
import { mostFailures } from '../contracts/task/after-failure.ts';
import type { AttemptDetails, TaskCall, TaskOutcome } from '../contracts/task/stage-report.ts';
import { LISTING_ID } from '../contracts/words.ts';
import { fitSummary } from '../scheduling/payload/budget.ts';

/** After this time without a heartbeat the worker counts as dead, and another worker gets the attempt immediately. */
export const HEARTBEAT_TIMEOUT_MS = 5_000;
/** Time after a task's timeout at which the server ends the attempt, in case a hung process did not time out by itself. */
export const TIMEOUT_GRACE_MS = 15_000;
/** Number of attempts that may be lost with their workers before the task fails. */
const LOST_WORKERS_FORGIVEN = 20;

/** Temporal's activity options of one task. Their retry delay applies after a lost worker only: failed attempts set `nextRetryDelay`. */
export function activityOptions({ taskId, name = taskId, policy }: { taskId: string; name?: string; policy: TaskPolicy }): ActivityOptions {
  return {
    // by this id the client finds the running attempt of a task
    activityId: taskId,
    startToCloseTimeout: policy.timeoutMs + TIMEOUT_GRACE_MS,
    heartbeatTimeout: HEARTBEAT_TIMEOUT_MS,
    retry: { initialInterval: 1_000, backoffCoefficient: 1, maximumAttempts: mostFailures(policy) + LOST_WORKERS_FORGIVEN },
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
    // the Web UI shows the summary next to the type; without a name of its own it would only repeat the id
    ...(name === taskId ? {} : { summary: fitSummary(name) }),
  };
}

/**
 * Options of a run's bookkeeping (check the input, record the end), which is retried until storage is back. It uses local activities: they
 * are safe to repeat, and dispatching them through the server would take longer than running them.
 */
export const BOOKKEEPING: LocalActivityOptions = {
  startToCloseTimeout: 60_000,
  retry: { initialInterval: 1_000, backoffCoefficient: 2, maximumInterval: 30_000, maximumAttempts: 20 },
};

/** The bookkeeping options of a run that is already open, which waits for the database without a limit. */
export const CONTINUING: LocalActivityOptions = { ...BOOKKEEPING, retry: { ...BOOKKEEPING.retry, maximumAttempts: undefined } };

/** Options of the activity that lists universes. A venue with 50,000 markets needs hundreds of requests, within its rate limits. */
export const LISTING: ActivityOptions = {
  activityId: LISTING_ID,
  startToCloseTimeout: 3_600_000,
  heartbeatTimeout: 120_000,
  retry: { initialInterval: 5_000, backoffCoefficient: 2, maximumInterval: 60_000, maximumAttempts: 5 },
};

interface LocalFirst<Call extends TaskCall> {
  readonly call: Call;
  /** Returns the arguments of the activity. @default only the call */
  readonly args?: (call: Call) => readonly unknown[];
  /** Longest time that the task may run as a local activity, in milliseconds; then it starts again as a normal one. */
  readonly localTimeoutMs: number;
  readonly options: ActivityOptions;
}

type TaskActivity = (...args: readonly unknown[]) => Promise<TaskOutcome>;

/**
 * Runs a task as a local activity, which saves the round trips to the server. After a failure, which counts as the first attempt, a normal
 * activity continues.
 * @throws ActivityFailure as the normal activity does
 */
export async function runLocalFirst<Call extends TaskCall>(activity: string, first: LocalFirst<Call>): Promise<TaskOutcome> {
  let failedLocally: AttemptDetails | undefined;
  try {
    return await runLocally(activity, first);
  } catch (thrown) {
    failedLocally = localFailureOf(thrown);
  }
  return await runNormally(activity, first, failedLocally);
}

/**
 * Runs a task as `runLocalFirst` does, beside others. A replay may resolve several local activities in one step, so the reactions to
 * success and failure wait for equally many promises; otherwise a replay would issue commands in another order.
 */
export function runLocalBeside<Call extends TaskCall>(
  activity: string,
  first: LocalFirst<Call>,
  { succeeded, failed }: { readonly succeeded: (outcome: TaskOutcome) => void; readonly failed: (thrown: unknown) => void },
): void {
  runLocally(activity, first).then(succeeded, (thrown: unknown) => {
    let failedLocally: AttemptDetails | undefined;
    try {
      failedLocally = localFailureOf(thrown);
    } catch (final) {
      return failed(final);
    }
    runNormally(activity, first, failedLocally).then(succeeded, failed);
  });
}

function runLocally<Call extends TaskCall>(
  activity: string,
  { call, args = (given) => [given], localTimeoutMs }: LocalFirst<Call>,
): Promise<TaskOutcome> {
  const local = proxyLocalActivities<Record<string, TaskActivity>>({ startToCloseTimeout: localTimeoutMs, retry: { maximumAttempts: 1 } });
  return local[activity](...args(call));
}

/** Runs a task as an activity. @param failedLocally the failure of its first attempt as a local activity, if there was one */
export function runNormally<Call extends TaskCall>(
  activity: string,
  { call, args = (given) => [given], options }: LocalFirst<Call>,
  failedLocally?: AttemptDetails,
): Promise<TaskOutcome> {
  const normal = proxyActivities<Record<string, TaskActivity>>(options);
  return normal[activity](...args(failedLocally === undefined ? call : { ...call, failedLocally }));
}

/** The failure of a local attempt that a normal activity retries; undefined after a timeout. @throws the failure if it is final */
function localFailureOf(thrown: unknown): AttemptDetails | undefined {
  // A local activity's failure may arrive without its ActivityFailure wrapper; a timeout arrives without it only in a replay.
  const cause = thrown instanceof ActivityFailure ? thrown.cause : thrown;
  if (cause instanceof TimeoutFailure) return undefined;
  if (!(cause instanceof ApplicationFailure) || cause.nonRetryable) throw thrown;
  return cause.details?.[0] as AttemptDetails | undefined;
}
