import type { Queryable } from '../database/database.ts';

/** Executions of runs that started before an instant and have no recorded end. @param before UTC epoch milliseconds */
export async function openRuns(queryable: Queryable, before: number): Promise<readonly string[]> {
  const { rows } = await queryable.query<{ id: string }>(
    'select execution_id as id from runs where finished_at is null and started_at < to_timestamp($1::float8 / 1000) order by started_at',
    [before],
  );
  return rows.map(({ id }) => id);
}

/** Runs that ended before an instant and whose staged rows were not removed. @param before UTC epoch milliseconds */
export async function leftStaging(
  queryable: Queryable,
  before: number,
): Promise<readonly { readonly executionId: string; readonly runId: string }[]> {
  const { rows } = await queryable.query<{ executionId: string; runId: string }>(
    `select execution_id as "executionId", run_id as "runId" from runs r
     where finished_at < to_timestamp($1::float8 / 1000) and exists (select from staging_batches s where s.execution_id = r.execution_id)`,
    [before],
  );
  return rows;
}

/** Open runs that have a deadline, with their lines (see `lineOfRun`). */
export async function runsWithDeadline(
  queryable: Queryable,
): Promise<readonly { readonly runId: string; readonly executionId: string; readonly line: string }[]> {
  const { rows } = await queryable.query<{ runId: string; executionId: string; line: string }>(
    `select run_id as "runId", execution_id as "executionId", ${lineOfRun('r')} as line from runs r where finished_at is null and config ? 'deadline'`,
  );
  return rows;
}

/** SQL for the line of a row from its column `input`: a hash that is equal for runs of the same input, whatever their `asOf`. */
export const LINE = "md5((case jsonb_typeof(input) when 'object' then input - 'asOf' else input end)::text)";

/** SQL for the line of a row of `runs`; a retry has the line of the run that it retries. @param run the row's alias */
export const lineOfRun = (run: string): string => `(with recursive chain as (
  select ${run}.input, ${run}.retry_of, 0 as depth
  union all select o.input, o.retry_of, depth + 1 from chain join runs o on o.execution_id = chain.retry_of)
  select ${LINE} from chain order by depth desc limit 1)`;
