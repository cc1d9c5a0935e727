import type { Queryable } from '../../database/database.ts';

/** Inserts the start of an attempt whose code may end the worker's process. Its number is negative; the row stays if the worker is lost. */
const START = `insert into task_attempts (execution_id, task_id, attempt, started_at, ended_at, error_type, lost_with)
  values ($1, $2, $3, now(), now(), 'Started', $4) on conflict do nothing`;

/** Records that a task started. @param number counts starts without an end, from 1 @returns false if this start was already recorded */
export async function recordStart(
  queryable: Queryable,
  task: { executionId: string; taskId: string },
  { number, worker }: { readonly number: number; readonly worker: string },
): Promise<boolean> {
  const { rowCount } = await queryable.query(START, [task.executionId, task.taskId, -number, worker]);
  return rowCount === 1;
}

/** Number of recorded starts of a task after which no attempt has ended. */
export async function startsWithoutEnd(queryable: Queryable, task: { executionId: string; taskId: string }): Promise<number> {
  const { rows } = await queryable.query<{ count: number }>(
    'select count(*)::int as count from task_attempts where execution_id = $1 and task_id = $2 and attempt < 0',
    [task.executionId, task.taskId],
  );
  return rows[0].count;
}

/** Removes the recorded starts of a task, once an attempt has ended. */
export async function forgetStarts(queryable: Queryable, task: { executionId: string; taskId: string }): Promise<void> {
  await queryable.query('delete from task_attempts where execution_id = $1 and task_id = $2 and attempt < 0', [
    task.executionId,
    task.taskId,
  ]);
}
