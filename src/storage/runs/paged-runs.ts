import type { Queryable } from '../database/database.ts';

/** What the pages need to know about a run. */
export interface PagedRun {
  readonly runId: string;
  readonly executionId: string;
  readonly idUsedBefore: boolean;
  /** UTC epoch milliseconds. */
  readonly startedAt: number;
  /** null while it is open */
  readonly finishedAt: number | null;
  readonly symbols: readonly string[];
}

/** Every run that the database has, with its symbols. */
export async function pagedRuns(queryable: Queryable): Promise<readonly PagedRun[]> {
  const { rows } = await queryable.query<PagedRun>(
    `select run_id as "runId", execution_id as "executionId", id_used_before as "idUsedBefore",
       (extract(epoch from started_at) * 1000)::float8 as "startedAt", (extract(epoch from finished_at) * 1000)::float8 as "finishedAt",
       array(select jsonb_path_query(config, '$.symbols[*].symbol') #>> '{}') as symbols
     from runs`,
  );
  return rows;
}
