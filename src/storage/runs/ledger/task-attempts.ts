import type { PastAttempt } from '../../../contracts/task/stage-report.ts';
import type { Queryable } from '../../database/database.ts';

/** Most attempts of one task that are kept. */
const MAX_KEPT = 200;
/** Most attempts of one task that are read, the last ones. */
const MAX_READ = 20;
/** Most attempts that are read over all tasks of a run. */
const MAX_ROWS = 5_000;

/** Records when a failed attempt ran. A second call for the same attempt, or one beyond the limit, changes nothing. */
export async function recordAttempt(
  queryable: Queryable,
  task: { executionId: string; taskId: string },
  { attempt, from, to, next, error, lostWith }: PastAttempt,
): Promise<void> {
  if (attempt > MAX_KEPT) return;
  await queryable.query(
    `insert into task_attempts (execution_id, task_id, attempt, started_at, ended_at, next_at, error_type, lost_with)
     values ($1, $2, $3, to_timestamp($4::float8 / 1000), to_timestamp($5::float8 / 1000), to_timestamp($6::float8 / 1000), $7, $8) on conflict do nothing`,
    [task.executionId, task.taskId, attempt, from, to, next, error, lostWith === null ? '' : lostWith],
  );
}

/** The last failed attempts of each task of an execution, oldest first; by task id. */
export async function pastAttempts(queryable: Queryable, executionId: string): Promise<Readonly<Record<string, readonly PastAttempt[]>>> {
  const { rows } = await queryable.query<{
    task: string;
    attempt: number;
    from: Date;
    to: Date;
    next: Date | null;
    error: string;
    lost: string | null;
  }>(
    `select task_id as task, attempt, started_at as "from", ended_at as "to", next_at as next, error_type as error, lost_with as lost
     from (select *, row_number() over (partition by task_id order by attempt desc) as back from task_attempts where execution_id = $1) a
     where back <= ${MAX_READ} order by task_id, attempt limit ${MAX_ROWS}`,
    [executionId],
  );
  const found = new Map<string, PastAttempt[]>();
  for (const { task, attempt, from, to, next, error, lost } of rows) {
    const known = found.get(task) ?? [];
    found.set(task, known);
    const times = { from: from.getTime(), to: to.getTime(), next: next?.getTime() ?? null };
    known.push({ attempt, ...times, error, ...(lost === null ? {} : { lostWith: lost === '' ? null : lost }) });
  }
  return Object.fromEntries(found);
}
