import type { PipelineResult } from '../../../contracts/run/pipeline-status.ts';
import type { StageEffect } from '../../../contracts/task/stage-report.ts';
import { jsonb } from '../../database/codes.ts';
import type { Queryable } from '../../database/database.ts';
import { type EffectKey, RECORD_WITHOUT_SYNC, recordEffect } from './ledger.ts';

/**
 * Custom tasks write only their ledger row to the database, and their results are in the run's history before another task needs them. So a
 * first attempt does not wait for its ledger row, nor the row for the disk: in a chain of short tasks this wait would cost more than all
 * other bookkeeping. Rows that are lost when the database fails within half a second are written at the end of the run.
 */

/** Records the effect of a custom task in one statement. @returns the first effect, if there was one already */
export const recordCustomEffect = (queryable: Queryable, key: EffectKey, effect: StageEffect): Promise<StageEffect> =>
  recordEffect(queryable, key, effect, RECORD_WITHOUT_SYNC);

/** Writes ledger rows for custom tasks that are in a run's result but not in the ledger. @returns how many there were */
export async function recordLostEffects(
  queryable: Queryable,
  {
    runId,
    executionId,
    result,
    customTasks,
  }: { runId: string; executionId: string; result: PipelineResult; customTasks: readonly string[] },
): Promise<number> {
  const succeeded = customTasks.filter((taskId) => result.taskResults[taskId]?.status === 'success');
  if (succeeded.length === 0) return 0;
  const { rows } = await queryable.query<{ taskId: string }>(
    'select task_id as "taskId" from ledger where execution_id = $1 and symbol is null and finished_at is not null',
    [executionId],
  );
  const recorded = new Set(rows.map(({ taskId }) => taskId));
  const lost = succeeded.filter((taskId) => !recorded.has(taskId));
  for (const taskId of lost) {
    const { output = null, degraded, attempts = 1, startedAt, durationSeconds } = result.taskResults[taskId];
    const begun = startedAt ?? result.startedAt;
    await queryable.query(
      `insert into ledger (execution_id, task_id, run_id, attempts, started_at, output, degraded, finished_at, duration_seconds)
       values ($1, $2, $3, $4, $5::timestamptz, $6, $7, $5::timestamptz + make_interval(secs => $8), $8) on conflict do nothing`,
      [executionId, taskId, runId, attempts, begun, jsonb(output), degraded === undefined ? null : jsonb(degraded), durationSeconds ?? 0],
    );
  }
  return lost.length;
}
