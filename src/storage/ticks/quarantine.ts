import type { QuarantineReason } from '../../contracts/market-data.ts';
import type { Queryable } from '../database/database.ts';

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

/** How many rows of an instrument are in quarantine, by reason. */
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
