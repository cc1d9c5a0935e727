import type { Json } from '../../../contracts/run/pipeline-input.ts';
import { type Queryable, type Transaction, withinTransaction } from '../../database/database.ts';
import { clearStaging } from '../../staging/staging.ts';

/** The parts of a task's effect that a later run takes over. */
export interface ReusedEffect {
  readonly output: Json;
  readonly attempts: number;
  readonly degraded?: readonly string[];
}

/** SQL condition that excludes the tasks of symbols with a failed source, so that a retry collects that source again. */
const NO_SOURCE_FAILED = `not exists (select from ledger c where c.execution_id = l.execution_id and c.symbol = l.symbol
  and c.stage = 'collect' and c.output ? 'failedSources')`;
const REUSABLE = `from ledger l where l.execution_id = $1 and l.finished_at is not null and ${NO_SOURCE_FAILED}`;

/**
 * Effects of an execution's tasks that a retry need not repeat, by task id. With `takenOverBy`, that execution takes them over: stored
 * effects are copied; those still in staging move together with their rows, so that the rows are stored once. Idempotent.
 */
export async function effectsOf(
  queryable: Queryable,
  { executionId, takenOverBy }: { executionId: string; takenOverBy?: { runId: string; executionId: string } },
): Promise<ReadonlyMap<string, ReusedEffect>> {
  return await withinTransaction(queryable, async (transaction) => {
    if (takenOverBy !== undefined) await takeOver(transaction, executionId, takenOverBy);
    const { rows } = await transaction.query<{ task_id: string; output: Json; attempts: number; degraded: readonly string[] | null }>(
      `select task_id, output, attempts, degraded ${REUSABLE} order by finished_at, task_id`,
      [takenOverBy?.executionId ?? executionId],
    );
    return new Map(
      rows.map(({ task_id, output, attempts, degraded }) => [task_id, { output, attempts, ...(degraded === null ? {} : { degraded }) }]),
    );
  });
}

async function takeOver(transaction: Transaction, from: string, to: { runId: string; executionId: string }): Promise<void> {
  const symbols = await unstoredSymbols(transaction, from, NO_SOURCE_FAILED);
  await transaction.query(
    "update ledger set execution_id = $2, run_id = $3 where execution_id = $1 and symbol = any($4) and stage in ('collect', 'clean')",
    [from, to.executionId, to.runId, symbols],
  );
  await transaction.query('update staging_batches set execution_id = $2 where execution_id = $1 and symbol = any($3)', [
    from,
    to.executionId,
    symbols,
  ]);
  await clearStaging(transaction, { executionId: from });
  await transaction.query(
    `insert into ledger (execution_id, task_id, run_id, symbol, stage, output, degraded, attempts, last_error, started_at, finished_at, duration_seconds)
     select $2, task_id, $3, symbol, stage, output, degraded, attempts, last_error, started_at, finished_at, duration_seconds
     ${REUSABLE} on conflict do nothing`,
    [from, to.executionId, to.runId],
  );
}

/** Deletes staged rows and ledger rows of symbols that an aborted run did not store, for a retry to collect; returns the row count. */
export async function discardUnstored(queryable: Queryable, { executionId }: { executionId: string }): Promise<number> {
  return await withinTransaction(queryable, async (transaction) => {
    const symbols = await unstoredSymbols(transaction, executionId);
    await transaction.query("delete from ledger where execution_id = $1 and symbol = any($2) and stage in ('collect', 'clean')", [
      executionId,
      symbols,
    ]);
    return await clearStaging(transaction, { executionId });
  });
}

/** Symbols that were collected but not stored. */
async function unstoredSymbols(transaction: Transaction, executionId: string, only = 'true'): Promise<readonly string[]> {
  const { rows } = await transaction.query<{ symbol: string }>(
    `select distinct symbol from ledger l where execution_id = $1 and stage = 'collect' and finished_at is not null and ${only}
     except select symbol from ledger where execution_id = $1 and stage = 'store' and finished_at is not null`,
    [executionId],
  );
  return rows.map(({ symbol }) => symbol);
}

/** Ids of an execution's tasks that a retry would take over, in the order in which they finished. */
export async function reusableEffects(queryable: Queryable, executionId: string): Promise<readonly string[]> {
  const { rows } = await queryable.query<{ task_id: string }>(`select task_id ${REUSABLE} order by finished_at, task_id`, [executionId]);
  return rows.map(({ task_id }) => task_id);
}
