import { randomUUID } from 'node:crypto';
import { isGone, OWNER_MARK, ownerMark } from '../../processes/owner-mark.ts';
import type { Queryable } from '../database/database.ts';
import { clearStaging } from './staging.ts';

const ID = new RegExp(`^import-(${OWNER_MARK})-[0-9a-f]{8}$`);

/** An execution id under which an import stages its rows; names the process. */
export const newImportId = (): string => `import-${ownerMark()}-${randomUUID().slice(0, 8)}`;

/**
 * Drops what killed imports had staged: no run's end does it.
 *
 * @param now UTC epoch milliseconds
 * @returns how many there were
 */
export async function dropAbandonedImports(database: Queryable, now: number): Promise<number> {
  let dropped = 0;
  for (const { executionId, at } of await withoutRun(database, 'import-')) {
    const mark = ID.exec(executionId)?.[1];
    if (mark === undefined || !isGone(mark, now - at)) continue;
    await clearStaging(database, { executionId });
    dropped++;
  }
  return dropped;
}

/** Executions without a run that have staged rows, and when they last started staging; UTC epoch milliseconds. */
async function withoutRun(queryable: Queryable, prefix: string): Promise<readonly { executionId: string; at: number }[]> {
  const { rows } = await queryable.query<{ executionId: string; at: number }>(
    `select execution_id as "executionId", (extract(epoch from max(created_at)) * 1000)::float8 as at from staging_batches s
     where starts_with(execution_id, $1) and not exists (select from runs r where r.execution_id = s.execution_id) group by 1`,
    [prefix],
  );
  return rows;
}
