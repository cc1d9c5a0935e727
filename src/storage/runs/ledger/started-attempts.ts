import type { Queryable } from '../../database/database.ts';

/** Starts of attempts whose code may end the worker's process: rows with negative numbers from -1, which stay when the worker is lost. */
const START = `insert into task_attempts (execution_id, task_id, attempt, started_at, ended_at, error_type, lost_with)
  values ($1, $2, $3, now(), now(), 'Started', $4) on conflict do nothing`;

/** Records the n-th start of a task that is not followed by an end yet. @returns false where it was recorded before */
export async function recordStart(
  queryable: Queryable,
  task: { executionId: string; taskId: string },
  { number, worker }: { readonly number: number; readonly worker: string },
): Promise<boolean> {
  const { rowCount } = await queryable.query(START, [task.executionId, task.taskId, -number, worker]);
  return rowCount === 1;
}

/** The number of recorded starts of a task that no end has followed. */
export async function startsWithoutEnd(queryable: Queryable, task: { executionId: string; taskId: string }): Promise<number> {
  const { rows } = await queryable.query<{ count: number }>(
    'select count(*)::int as count from task_attempts where execution_id = $1 and task_id = $2 and attempt < 0',
    [task.executionId, task.taskId],
  );
  return rows[0].count;
}

/** Removes the recorded starts of a task, of which the last one ended. */
export async function forgetStarts(queryable: Queryable, task: { executionId: string; taskId: string }): Promise<void> {
  await queryable.query('delete from task_attempts where execution_id = $1 and task_id = $2 and attempt < 0', [
    task.executionId,
    task.taskId,
  ]);
}
