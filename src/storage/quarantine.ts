import type { QuarantineReason } from '../contracts/market-data.ts';
import type { Stage } from '../contracts/words.ts';
import type { Queryable } from './database.ts';

/** Who found the rows, and where. */
export interface QuarantineContext {
  readonly runId: string;
  readonly executionId: string;
  readonly symbol: string;
  readonly instrumentKey: number;
  readonly stage: Stage;
}

export interface QuarantinedRow {
  readonly reason: QuarantineReason;
  /** UTC epoch milliseconds, where the row has a readable one. */
  readonly time: number | null;
  /** The venue's original JSON, or the file's original line. */
  readonly row: string;
}

/**
 * Puts rows aside with their reason. The same bad row is listed once however often it is met.
 *
 * @returns how many were not yet listed
 */
export async function quarantineRows(queryable: Queryable, context: QuarantineContext, rows: readonly QuarantinedRow[]): Promise<number> {
  if (rows.length === 0) return 0;
  const { rowCount } = await queryable.query(
    `insert into quarantine (symbol, instrument, stage, reason, time, row_hash, row, run_id, execution_id)
     select $1, $2, $3, reason, time, md5(row)::uuid, row, $4, $5 from unnest($6::text[], $7::float8[], $8::text[]) as x(reason, time, row)
     on conflict do nothing`,
    [
      context.symbol,
      context.instrumentKey,
      context.stage,
      context.runId,
      context.executionId,
      rows.map(({ reason }) => reason),
      rows.map(({ time }) => (time !== null && Number.isFinite(time) && Math.abs(time) < 2 ** 53 ? Math.trunc(time) : null)),
      rows.map(({ row }) => row.replaceAll('\0', '\ufffd')),
    ],
  );
  return rowCount ?? 0;
}

/** A line of `export quarantine`. */
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

/** Everything in quarantine, as it was found, in batches. @param filter all symbols and instruments when absent */
export async function* readQuarantine(
  queryable: Queryable,
  filter: { symbol?: string; instrumentKey?: number; from?: number; to?: number } = {},
): AsyncIterable<readonly QuarantineRecord[]> {
  let after = 0;
  for (;;) {
    const { rows } = await queryable.query<QuarantineRecord & { id: number }>(
      `select q.id, q.symbol, i.source, i.id as instrument, q.stage, q.reason, q.time, q.row
       from quarantine q join instruments i on i.key = q.instrument
       where q.id > $1 and ($2::text is null or q.symbol = $2) and ($3::int is null or q.instrument = $3)
         and ($4::bigint is null or q.time >= $4) and ($5::bigint is null or q.time < $5)
       order by q.id limit ${BATCH}`,
      [after, filter.symbol ?? null, filter.instrumentKey ?? null, filter.from ?? null, filter.to ?? null],
    );
    if (rows.length > 0) yield rows.map(({ id: _id, ...record }) => record);
    if (rows.length < BATCH) return;
    after = (rows.at(-1) as { id: number }).id;
  }
}

/** How many rows of an instrument are in quarantine, by reason. */
export async function quarantineCounts(
  queryable: Queryable,
  { symbol, instrumentKey }: { symbol: string; instrumentKey: number },
): Promise<readonly { readonly reason: QuarantineReason; readonly count: number }[]> {
  const { rows } = await queryable.query<{ reason: QuarantineReason; count: number }>(
    'select reason, count(*) as count from quarantine where symbol = $1 and instrument = $2 group by reason order by count(*) desc, reason',
    [symbol, instrumentKey],
  );
  return rows;
}
