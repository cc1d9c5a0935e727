import { randomUUID } from 'node:crypto';
import { PredictLabError } from '../../contracts/errors.ts';
import type { Json } from '../../contracts/run/pipeline-input.ts';
import type { SourceType } from '../../contracts/words.ts';
import type { PreparedStatement, Queryable, Transaction } from '../database/database.ts';

export interface CollectProgress {
  /** Number of pages staged so far, which is also the number of the next page. */
  readonly pages: number;
  readonly requests: number;
  /** The cursor with which the source continues after the last page. */
  readonly cursor: Json;
  readonly done: boolean;
}

/** Progress of a run's symbol by instrument key. */
export async function collectProgressOf(
  queryable: Queryable,
  { executionId, symbol }: { executionId: string; symbol: string },
): Promise<ReadonlyMap<number, CollectProgress>> {
  const { rows } = await queryable.query<CollectProgress & { instrument: number }>(
    `select b.instrument, p.pages, p.requests, p.cursor, p.done
     from staging_batches b join collect_progress p on p.batch = b.id where b.execution_id = $1 and b.symbol = $2`,
    [executionId, symbol],
  );
  return new Map(rows.map(({ instrument, ...progress }) => [instrument, progress]));
}

const SAVE_PROGRESS: PreparedStatement = {
  name: 'save-collect-progress',
  text: `insert into collect_progress (batch, pages, requests, cursor, done) values ($1, $2, $3, $4::jsonb, $5)
    on conflict (batch) do update set pages = excluded.pages, requests = excluded.requests, cursor = excluded.cursor, done = excluded.done`,
};

/** Writes progress, in the transaction that stages its page. */
export async function saveCollectProgress(
  transaction: Transaction,
  batch: number,
  { pages, requests, cursor, done }: CollectProgress,
): Promise<void> {
  await transaction.query(SAVE_PROGRESS, [batch, pages, requests, JSON.stringify(cursor), done]);
}

interface CollectTotals {
  readonly source: SourceType;
  readonly ticks: number;
  readonly pages: number;
  readonly requests: number;
}

/** Totals of what was staged so far for a symbol, by source. */
export async function collectTotals(
  queryable: Queryable,
  { executionId, symbol }: { executionId: string; symbol: string },
): Promise<readonly CollectTotals[]> {
  const { rows } = await queryable.query<CollectTotals>(
    `select i.source, sum((select count(*) from staged_rows r where r.batch = b.id))::int as ticks,
       sum(coalesce(p.pages, 0))::int as pages, sum(coalesce(p.requests, 0))::int as requests
     from staging_batches b join instruments i on i.key = b.instrument left join collect_progress p on p.batch = b.id
     where b.execution_id = $1 and b.symbol = $2 group by i.source order by i.source`,
    [executionId, symbol],
  );
  return rows;
}

interface CollectKey {
  readonly executionId: string;
  readonly symbol: string;
}

/** The error of a delayed attempt that must stop, because a later attempt collects the symbol or the stage has ended. */
export class CollectTakenOver extends PredictLabError {
  constructor(symbol: string) {
    super('SourceUnavailable', `${symbol}: another attempt collects it now; this one, which was held up, stops`);
  }
}

/** Makes this attempt the only one that may stage rows of a run's symbol. Waits for a page being written. @returns the attempt's mark */
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

/** Keeps other attempts from claiming the symbol until the transaction ends. @throws CollectTakenOver when one already has */
export async function holdCollect(transaction: Transaction, { executionId, symbol, owner }: CollectKey & { owner: string }): Promise<void> {
  const { rowCount } = await transaction.query(HOLD, [executionId, symbol, owner]);
  if (rowCount === 1) return;
  throw new CollectTakenOver(symbol);
}

/** Ends the staging of this symbol's rows: no attempt can stage more rows. */
export async function endCollect(transaction: Transaction, { executionId, symbol }: CollectKey): Promise<void> {
  await transaction.query('delete from collect_owners where execution_id = $1 and symbol = $2', [executionId, symbol]);
}
