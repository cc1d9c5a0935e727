import { ActivityFailure, ApplicationFailure, proxyActivities, proxyLocalActivities, TimeoutFailure } from '@temporalio/workflow';
import type { StageActivities } from '../../activities/registry.ts';
import type { AttemptDetails, StageCall, TaskOutcome } from '../../contracts/task/stage-report.ts';
import { defaultPolicy } from '../../contracts/task/task-policy.ts';
import { type Stage, stageTaskId } from '../../contracts/words.ts';
import { activityOptions } from '../activity-options.ts';

/** What takes longer than it looked like goes on as an activity of its own: with heartbeats, and visible from outside. */
const LOCAL_TIMEOUT_MS = 2_000;

/**
 * Runs one stage of a symbol as an activity.
 *
 * @param options.local first as a local activity, which costs no round trip to the server: its failure counts as the first attempt,
 *   and the activity goes on from there
 * @throws ActivityFailure as the activity does
 */
export async function runStage(stage: Stage, call: StageCall, { local }: { local: boolean }): Promise<TaskOutcome> {
  let failedLocally: AttemptDetails | undefined;
  if (local) {
    try {
      const { [stage]: run } = proxyLocalActivities<StageActivities>({
        startToCloseTimeout: LOCAL_TIMEOUT_MS,
        retry: { maximumAttempts: 1 },
      });
      return await run(call);
    } catch (thrown) {
      failedLocally = localFailureOf(thrown);
    }
  }
  const taskId = stageTaskId(call.symbol, stage);
  const { [stage]: run } = proxyActivities<StageActivities>(activityOptions({ taskId, policy: call.policy ?? defaultPolicy(stage) }));
  return await run(failedLocally === undefined ? call : { ...call, failedLocally });
}

/** @returns the failure that is tried again; undefined where only its time was up. @throws whatever is final */
function localFailureOf(thrown: unknown): AttemptDetails | undefined {
  // A local activity's failure may come bare, and a timeout does so only when it is replayed.
  const cause = thrown instanceof ActivityFailure ? thrown.cause : thrown;
  if (cause instanceof TimeoutFailure) return undefined;
  if (!(cause instanceof ApplicationFailure) || cause.nonRetryable) throw thrown;
  return cause.details?.[0] as AttemptDetails | undefined;
}
