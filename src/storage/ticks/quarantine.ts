import type { QuarantineReason } from '../../contracts/market-data.ts';
import type { Stage, TickKind } from '../../contracts/words.ts';
import { tickKindOf } from '../database/codes.ts';
import type { Queryable, Transaction } from '../database/database.ts';
import type { StagingBatch } from '../staging/staging.ts';

/** One row of `predictlab export quarantine`. */
export interface QuarantineRecord {
  readonly symbol: string;
  readonly source: string;
  readonly instrument: string;
  readonly stage: string;
  readonly reason: QuarantineReason;
  readonly time: number | null;
  readonly row: string;
}

const BATCH = 5_000;

/** Reads quarantined rows in the order in which they were found, in batches. @param filter all symbols and instruments when absent */
export async function* readQuarantine(
  queryable: Queryable,
  filter: { symbol?: string; instrumentKey?: number; from?: number; to?: number } = {},
): AsyncIterable<readonly QuarantineRecord[]> {
  let after = 0;
  for (;;) {
    const { rows } = await queryable.query<QuarantineRecord & { id: number }>(
      `select q.id, q.symbol, i.source, i.id as instrument, q.stage, q.reason, q.time, q.row
       from quarantine q join instruments i on i.key = q.instrument
       where q.id > $1 and q.healed_at is null and ($2::text is null or q.symbol = $2) and ($3::int is null or q.instrument = $3)
         and ($4::bigint is null or q.time >= $4) and ($5::bigint is null or q.time < $5)
       order by q.id limit ${BATCH}`,
      [after, filter.symbol ?? null, filter.instrumentKey ?? null, filter.from ?? null, filter.to ?? null],
    );
    if (rows.length > 0) yield rows.map(({ id: _id, ...record }) => record);
    if (rows.length < BATCH) return;
    after = (rows.at(-1) as { id: number }).id;
  }
}

export interface QuarantinedRow {
  readonly id: number;
  readonly symbol: string;
  readonly instrumentKey: number;
  readonly kind: TickKind;
  readonly row: string;
}

/** Reads the rows that are not healed, at most 5,000 of one symbol and instrument at a time, in the order in which they were found. */
export async function* quarantinedRows(queryable: Queryable, symbol: string | undefined): AsyncIterable<readonly QuarantinedRow[]> {
  const { rows: groups } = await queryable.query<{ symbol: string; instrument: number; last: number }>(
    `select symbol, instrument, max(id) as last from quarantine where healed_at is null and ($1::text is null or symbol = $1) group by 1, 2 order by 1, 2`,
    [symbol ?? null],
  );
  for (const group of groups) {
    for (let after = 0; after < group.last; ) {
      const { rows } = await queryable.query<{ id: number; kind: number; row: string }>(
        `select id, kind, row from quarantine where symbol = $1 and instrument = $2 and healed_at is null and id > $3 and id <= $4 order by id limit ${BATCH}`,
        [group.symbol, group.instrument, after, group.last],
      );
      if (rows.length === 0) break;
      yield rows.map(({ id, kind, row }) => ({
        id,
        symbol: group.symbol,
        instrumentKey: group.instrument,
        kind: tickKindOf(kind),
        row,
      }));
      after = rows[rows.length - 1].id;
    }
  }
}

/** Marks rows as healed: their originals stay, and no longer count as quarantined. */
export async function markHealed(queryable: Queryable, ids: readonly number[]): Promise<void> {
  await queryable.query('update quarantine set healed_at = now() where id = any($1)', [ids]);
}

/** Number of an instrument's rows in quarantine, by reason. */
export async function quarantineCounts(
  queryable: Queryable,
  { symbol, instrumentKey }: { symbol: string; instrumentKey: number },
): Promise<readonly { readonly reason: QuarantineReason; readonly count: number }[]> {
  const { rows } = await queryable.query<{ reason: QuarantineReason; count: number }>(
    'select reason, count(*) as count from quarantine where symbol = $1 and instrument = $2 and healed_at is null group by reason order by count(*) desc, reason',
    [symbol, instrumentKey],
  );
  return rows;
}

export interface QuarantineContext {
  readonly runId: string;
  readonly executionId: string;
  readonly symbol: string;
  readonly stage: Stage;
}

/** Copies a batch's rows that have a reason to quarantine, each row once; returns the number of rows that were not there yet. */
export async function quarantineStaged(transaction: Transaction, context: QuarantineContext, batch: StagingBatch): Promise<number> {
  const { rowCount } = await transaction.query(
    `insert into quarantine (symbol, instrument, stage, reason, time, row_hash, row, run_id, execution_id, kind)
     select $1, $2, $3, reason, time, md5(raw)::uuid, raw, $4, $5, kind from staged_rows
     where batch = $6 and reason is not null order by position on conflict do nothing`,
    [context.symbol, batch.instrumentKey, context.stage, context.runId, context.executionId, batch.id],
  );
  return rowCount ?? 0;
}
