import { randomUUID } from 'node:crypto';
import { PredictLabError } from '../../contracts/errors.ts';
import type { PreparedStatement, Queryable, Transaction } from '../database/database.ts';

interface CollectKey {
  readonly executionId: string;
  readonly symbol: string;
}

/** A later attempt collects the symbol, or the stage is done, so this attempt, which was held up, must stop. */
export class CollectTakenOver extends PredictLabError {
  constructor(symbol: string) {
    super('SourceUnavailable', `${symbol}: another attempt collects it now; this one, which was held up, stops`);
  }
}

/**
 * Makes this attempt the one that stages rows of a run's symbol; waits for a page that an earlier one is writing. @returns the mark of the attempt
 */
export async function claimCollect(queryable: Queryable, { executionId, symbol }: CollectKey): Promise<string> {
  const owner = randomUUID();
  await queryable.query(
    `insert into collect_owners (execution_id, symbol, owner) values ($1, $2, $3)
     on conflict (execution_id, symbol) do update set owner = excluded.owner`,
    [executionId, symbol, owner],
  );
  return owner;
}

const HOLD: PreparedStatement = {
  name: 'hold-collect',
  text: 'select 1 from collect_owners where execution_id = $1 and symbol = $2 and owner = $3 for share',
};

/** Holds the claim until the transaction ends. @throws CollectTakenOver */
export async function holdCollect(transaction: Transaction, { executionId, symbol, owner }: CollectKey & { owner: string }): Promise<void> {
  const { rowCount } = await transaction.query(HOLD, [executionId, symbol, owner]);
  if (rowCount === 1) return;
  throw new CollectTakenOver(symbol);
}

/** Ends the staging of this symbol's rows: what is staged now is final. */
export async function endCollect(transaction: Transaction, { executionId, symbol }: CollectKey): Promise<void> {
  await transaction.query('delete from collect_owners where execution_id = $1 and symbol = $2', [executionId, symbol]);
}
