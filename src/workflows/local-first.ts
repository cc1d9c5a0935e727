import {
  ActivityFailure,
  type ActivityOptions,
  ApplicationFailure,
  proxyActivities,
  proxyLocalActivities,
  TimeoutFailure,
} from '@temporalio/workflow';
import type { AttemptDetails, TaskCall, TaskOutcome } from '../contracts/task/stage-report.ts';

interface LocalFirst<Call extends TaskCall> {
  readonly call: Call;
  /** The activity's arguments. @default the call alone */
  readonly args?: (call: Call) => readonly unknown[];
  /** Longest time as a local activity; after it the activity starts from the beginning. Milliseconds. */
  readonly localTimeoutMs: number;
  /** Options of the activity that continues after a failure. */
  readonly options: ActivityOptions;
}

type TaskActivity = (...args: readonly unknown[]) => Promise<TaskOutcome>;

/**
 * Runs a task as a local activity, which saves the round trips to the server. A failure counts as the first attempt, and a normal
 * activity continues from there.
 *
 * @throws ActivityFailure as the normal activity does
 */
export async function runLocalFirst<Call extends TaskCall>(
  activity: string,
  { call, args = (given) => [given], localTimeoutMs, options }: LocalFirst<Call>,
): Promise<TaskOutcome> {
  let failedLocally: AttemptDetails | undefined;
  try {
    const local = proxyLocalActivities<Record<string, TaskActivity>>({
      startToCloseTimeout: localTimeoutMs,
      retry: { maximumAttempts: 1 },
    });
    return await local[activity](...args(call));
  } catch (thrown) {
    failedLocally = localFailureOf(thrown);
  }
  const normal = proxyActivities<Record<string, TaskActivity>>(options);
  return await normal[activity](...args(failedLocally === undefined ? call : { ...call, failedLocally }));
}

/** The failure that is retried; undefined after a timeout alone. @throws every final failure */
function localFailureOf(thrown: unknown): AttemptDetails | undefined {
  // A local activity's failure may come bare, and a timeout does so only when it is replayed.
  const cause = thrown instanceof ActivityFailure ? thrown.cause : thrown;
  if (cause instanceof TimeoutFailure) return undefined;
  if (!(cause instanceof ApplicationFailure) || cause.nonRetryable) throw thrown;
  return cause.details?.[0] as AttemptDetails | undefined;
}
