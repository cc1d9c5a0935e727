import { proxyActivities } from '@temporalio/workflow';
import type { StageActivities } from '../../activities/registry.ts';
import type { StageCall, TaskOutcome } from '../../contracts/task/stage-report.ts';
import { defaultPolicy } from '../../contracts/task/task-policy.ts';
import { type Stage, stageTaskId } from '../../contracts/words.ts';
import { activityOptions } from '../activity-options.ts';
import { runLocalFirst } from '../local-first.ts';

/** A stage that takes longer than expected continues as a normal activity: with heartbeats, and visible from outside. */
const LOCAL_TIMEOUT_MS = 2_000;

/**
 * Runs one stage of a symbol.
 *
 * @param options.local as a local activity first
 * @throws ActivityFailure as the activity does
 */
export async function runStage(stage: Stage, call: StageCall, { local }: { local: boolean }): Promise<TaskOutcome> {
  const taskId = stageTaskId(call.symbol, stage);
  const options = activityOptions({ taskId, policy: call.policy ?? defaultPolicy(stage) });
  if (local) return await runLocalFirst(stage, { call, localTimeoutMs: LOCAL_TIMEOUT_MS, options });
  const { [stage]: run } = proxyActivities<StageActivities>(options);
  return await run(call);
}
