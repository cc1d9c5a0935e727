import { resultOfLedger, runningOnPage } from '../../activities/report/queries/run-query.ts';
import type { FollowedRun } from '../../client.ts';
import { PredictLabError } from '../../contracts/errors.ts';
import type { PipelineStatus, TaskResult } from '../../contracts/run/pipeline-status.ts';
import type { RunOnPage } from '../../report/run/run-data.ts';
import type { Database } from '../../storage/database/database.ts';
import { ledgerTasks } from '../../storage/runs/run-rows.ts';
import type { StoredRun } from '../../storage/runs/runs.ts';

/** The status of an open run. */
export interface SeenRun {
  readonly status: RunOnPage;
  /** Why the run did not answer, so that `status` is what the database knows; null where it answered. */
  readonly unanswered: string | null;
}

/**
 * Queries an open run for its status, and reads the database where it does not answer.
 *
 * @param followed `undefined` while Temporal cannot be reached
 * @param withinMs time limit for the answer; by default that of the client
 */
export async function lookAtOpenRun(
  database: Database,
  run: StoredRun,
  { followed, withinMs }: { readonly followed: FollowedRun | undefined; readonly withinMs?: number },
): Promise<SeenRun> {
  let unanswered = 'Temporal cannot be reached';
  try {
    if (followed !== undefined) return { status: runningOnPage(await followed.status({ withinMs }), Date.now()), unanswered: null };
  } catch (error) {
    if (!(error instanceof PredictLabError)) throw error;
    unanswered = error.message;
  }
  const known = fromLedger(run, await ledgerTasks(database, { executionId: run.executionId }));
  const reason = `${unanswered}: this is what the database knows; it does not distinguish failed and running tasks from waiting ones`;
  return { status: runningOnPage(known, Date.now(), [reason]), unanswered };
}

/** The status that the database alone knows: the tasks that took effect. */
function fromLedger(
  { runId, startedAt, config }: Pick<StoredRun, 'runId' | 'startedAt' | 'config'>,
  tasks: Awaited<ReturnType<typeof ledgerTasks>>,
): PipelineStatus {
  const taskResults = Object.fromEntries(tasks.map((task): [string, TaskResult] => [task.taskId, resultOfLedger(task)]));
  const totalTasks = Math.max(tasks.length, config.symbols.length);
  return {
    runId,
    paused: false,
    maxConcurrent: config.maxConcurrent,
    totalTasks,
    completedTasks: tasks.length,
    progress: totalTasks === 0 ? 0 : tasks.length / totalTasks,
    startedAt,
    finishedAt: null,
    durationSeconds: 0,
    statusBreakdown: { pending: totalTasks - tasks.length, running: 0, success: tasks.length, failed: 0, skipped: 0, cancelled: 0 },
    stageStats: {},
    taskResults,
  };
}
