import { Context } from '@temporalio/activity';
import type { Json } from '../../contracts/run/pipeline-input.ts';
import type { FollowedStage, StageCall, StageOutcome, TaskOutcome, TaskReport } from '../../contracts/task/stage-report.ts';
import { type Stage, stageTaskId } from '../../contracts/words.ts';
import type { Database } from '../../storage/database/database.ts';
import { findEffect, recordAttempt } from '../../storage/runs/ledger/ledger.ts';
import type { AttemptSign } from '../runner/attempt-sign.ts';
import { runInTurn } from '../runner/shared-activity.ts';

/** Runs one attempt of a stage inside the current activity. @param following set for a stage that runs after the activity's own */
export type RunStage = (stage: Stage, call: StageCall, following?: { readonly progress: Json }) => Promise<TaskOutcome>;

interface Following {
  readonly database: Database;
  readonly runStage: RunStage;
}

/**
 * Runs a stage as its activity, then the stages of `call.following` that start within a second. Each has its own ledger row, timeout,
 * metrics and log lines. A following stage has one attempt here: after a failure a normal activity continues. When the worker was lost
 * after the activity's own stage, the next attempt leaves the others to activities that look up whether they ran.
 */
export async function runWithFollowing({ database, runStage }: Following, stage: Stage, call: StageCall): Promise<StageOutcome> {
  const { runId, executionId, symbol, following, mayHaveRun } = call;
  if (following === undefined) return await runStage(stage, call);
  const startedAt = Date.now();
  const since = performance.now();
  const own = await runStage(stage, call);
  if (own.known && Context.current().info.attempt > 1) {
    await recordLostFollower(database, executionId);
    return own;
  }
  const reportOf = ({ stage: name, ...end }: FollowedStage) => ({ taskId: stageTaskId(symbol, name), ...end });
  const reports = [reportOf({ stage, startedAt, at: Date.now(), kind: 'succeeded', ...own })];
  const stages = following.stages.map((each) => ({ stage: each }));
  const followed = await runInTurn(stages, since, async ({ stage: next }, before) => {
    if (before !== undefined) reports.push(reportOf(before));
    const progress = [...reports, { taskId: stageTaskId(symbol, next), kind: 'started', at: Date.now() }] as unknown as Json;
    return await runStage(next, { runId, executionId, symbol, policy: following.policies?.[next], mayHaveRun }, { progress });
  });
  return brief({ ...own, followed }, following.stages.length);
}

/** Leaves out the outputs once every stage has succeeded: the workflow reads them only to choose how the next stage runs. */
function brief(outcome: StageOutcome, stages: number): StageOutcome {
  const { followed = [] } = outcome;
  if (followed.length < stages || followed.some(({ kind }) => kind !== 'succeeded')) return outcome;
  return { ...outcome, output: null, followed: followed.map((each) => ({ ...each, output: null })) };
}

/** Records the lost attempt of the following stage that had started according to the last heartbeat, unless it took effect after that. */
async function recordLostFollower(database: Database, executionId: string): Promise<void> {
  const { heartbeatDetails, currentAttemptScheduledTimestampMs: missedAt } = Context.current().info;
  const { progress = [], sign } = (heartbeatDetails ?? {}) as { readonly progress?: readonly TaskReport[]; readonly sign?: AttemptSign };
  const last = progress[progress.length - 1];
  if (last?.kind !== 'started') return;
  const key = { executionId, taskId: last.taskId };
  const lost = {
    attempt: 1,
    from: last.at,
    to: sign?.seen ?? missedAt,
    next: missedAt,
    error: 'WorkerLost',
    lostWith: sign?.worker ?? null,
  };
  try {
    if ((await findEffect(database, key)) === undefined) await recordAttempt(database, key, lost);
  } catch {
    // the attempt is missing from the pages; the stage itself looks up the ledger when it runs
  }
}
