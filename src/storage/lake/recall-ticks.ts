import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { DAY_MS } from '../../contracts/words.ts';
import { connectDuckDb, sqlText, unreadableByDuckDb } from '../../files/duckdb.ts';
import type { Transaction } from '../database/database.ts';
import { ensurePartitions } from '../ticks/partitions.ts';
import { endOfMonth } from './lake.ts';
import { lakeTicks, movedRanges } from './lake-ticks.ts';

const COLUMNS = 'time, seq, price, size, instrument, kind, side, flags, identity, outcome, trade_id, grain';

/**
 * Copies an instrument's ticks of the months that a batch touches from the lake back into the database, so that merging finds them. The
 * next move to the lake removes them again.
 */
export async function recallTicks(
  transaction: Transaction,
  { batch, instrumentKey }: { batch: number; instrumentKey: number },
): Promise<void> {
  const { rows } = await transaction.query<{ month: number }>(
    `select distinct (extract(epoch from m) * 1000)::bigint as month from instrument_state s cross join lateral unnest(s.moved) as r
     cross join lateral generate_series(to_timestamp(lower(r) / 1000.0) at time zone 'UTC', to_timestamp(upper(r) / 1000.0 - 1) at time zone 'UTC', '1 month') as x(m)
     cross join lateral (select int8range((extract(epoch from m) * 1000)::bigint, (extract(epoch from m + interval '1 month') * 1000)::bigint) as span) w
     where s.instrument = $1 and (
       exists (select from staged_rows t where t.batch = $2 and t.time >= lower(w.span) and t.time < upper(w.span))
       or exists (select from staged_grains g where g.batch = $2 and g.ranges && w.span)) order by 1`,
    [instrumentKey, batch],
  );
  for (const { month } of rows) {
    const range = { from: month, to: endOfMonth(month) };
    const moved = await movedRanges(transaction, range, [instrumentKey]);
    await ensurePartitions(transaction, [month / DAY_MS]);
    await copyBack(transaction, await lakeTicks(transaction, moved));
    await transaction.query('update instrument_state set moved = moved - int8multirange(int8range($2, $3)) where instrument = $1', [
      instrumentKey,
      range.from,
      range.to,
    ]);
  }
  if (rows.length > 0) await transaction.query('update lake set revision = revision + 1');
}

async function copyBack(transaction: Transaction, ticks: string): Promise<void> {
  const duckDb = await connectDuckDb();
  const file = path.join(duckDb.folder, `${randomUUID()}.csv`);
  try {
    const copy = `copy (select ${COLUMNS} from ${ticks}) to ${sqlText(file)} (format csv, header false, nullstr '\\N', force_quote (identity, outcome, trade_id))`;
    await duckDb.run(copy).catch((error: unknown) => {
      throw unreadableByDuckDb('the lake', error);
    });
    await transaction.copyIn(
      `copy ticks (${COLUMNS}) from stdin (format csv, null '\\N')`,
      createReadStream(file) as AsyncIterable<Buffer>,
    );
  } finally {
    await rm(file, { force: true });
    await duckDb.close();
  }
}
