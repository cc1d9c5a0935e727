import type { Stage } from '../../contracts/words.ts';
import type { Transaction } from '../database/database.ts';
import type { StagingBatch } from './staging.ts';

/** The run and stage that found the rows. */
export interface QuarantineContext {
  readonly runId: string;
  readonly executionId: string;
  readonly symbol: string;
  readonly stage: Stage;
}

/**
 * Lists a batch's rows that were marked with a reason. The same bad row is listed once however often it is met.
 *
 * @returns how many were not yet listed
 */
export async function quarantineStaged(transaction: Transaction, context: QuarantineContext, batch: StagingBatch): Promise<number> {
  const { rowCount } = await transaction.query(
    `insert into quarantine (symbol, instrument, stage, reason, time, row_hash, row, run_id, execution_id, kind)
     select $1, $2, $3, reason, time, md5(raw)::uuid, raw, $4, $5, kind from staged_rows
     where batch = $6 and reason is not null order by position on conflict do nothing`,
    [context.symbol, batch.instrumentKey, context.stage, context.runId, context.executionId, batch.id],
  );
  return rowCount ?? 0;
}
