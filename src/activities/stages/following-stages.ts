import type { SharedEnd, StageCall, StageOutcome, TaskOutcome } from '../../contracts/task/stage-report.ts';
import { type Stage, stageTaskId } from '../../contracts/words.ts';
import type { Database } from '../../storage/database/database.ts';
import { runWithFollowing, type SharedAttempt } from '../runner/shared-activity.ts';

/** Runs one attempt of a stage inside the current activity. @param following set unless the stage is the activity's own */
export type RunStage = (stage: Stage, call: StageCall, following?: Pick<SharedAttempt, 'progress'>) => Promise<TaskOutcome>;

/** Runs the stage of an activity, then those of the stages in `call.following` that can start within a second. */
export async function runStages(
  { database, runStage }: { readonly database: Database; readonly runStage: RunStage },
  stage: Stage,
  call: StageCall,
): Promise<StageOutcome> {
  const { runId, executionId, symbol, following } = call;
  if (following === undefined) return await runStage(stage, call);
  const { followed, ...own } = await runWithFollowing({
    database,
    executionId,
    taskId: stageTaskId(symbol, stage),
    own: () => runStage(stage, call),
    following: following.stages.map((next) => ({ taskId: stageTaskId(symbol, next), next })),
    run: async ({ next }, { progress, mayHaveRun }) => {
      const given = { runId, executionId, symbol, policy: following.policies?.[next], mayHaveRun: mayHaveRun || call.mayHaveRun };
      return await runStage(next, given, { progress });
    },
  });
  // outputs are left out after the last stage, since the workflow reads them only to choose how the next stage runs
  const isOver = followed.length === following.stages.length && followed.every(({ kind }) => kind === 'succeeded');
  const briefly = (end: SharedEnd): SharedEnd => (isOver && end.kind === 'succeeded' ? { ...end, output: null } : end);
  return {
    ...own,
    ...(isOver && { output: null }),
    followed: followed.map((end, i) => ({ stage: following.stages[i], ...briefly(end) })),
  };
}
