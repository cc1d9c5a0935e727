import { PredictLabError } from '../../contracts/errors.ts';
import type { Transaction } from '../database/database.ts';
import { GOOD } from './staged-rows.ts';
import type { StagingBatch } from './staging.ts';

/** Fewer rows than these may be trades that only look alike. */
const ENOUGH = 5;
/** Rows that are compared, the newest: a venue that spells its rows in another way does so in all of them. */
const NEWEST = 5_000;

/**
 * Refuses a batch in which a venue brings stored trades again under other identities: trades with the time, price and size of stored ones, while
 * those stored ones are missing from the batch. Stored as late rows they would double the data. Rows of files are not judged.
 *
 * @throws PredictLabError `SourceSchemaChanged` when there are more such trades than trades that are met again as they are stored
 */
export async function refuseRespelled(transaction: Transaction, batch: StagingBatch): Promise<void> {
  const known = `select distinct time, price, size, identity from (select s.* from staged_rows s
    join tick_hours h on h.instrument = $2 and h.kind = 0 and h.hour = (s.time / 3600000)::int
    where s.batch = $1 and s.kind = 0 and ${GOOD} order by s.position desc limit ${NEWEST}) x`;
  const tick = 't.instrument = $2 and t.kind = 0 and t.time = s.time';
  const isMet = `exists (select from ticks t where ${tick} and t.identity = s.identity)`;
  const looksAlike = `${tick} and abs(t.price - s.price) <= 1e-6 and abs(t.size - s.size) <= 1e-6`;
  const { rows } = await transaction.query<{ id: string; met: number; alike: number }>(
    `with s as materialized (${known})
     select i.id, count(*) filter (where ${isMet}) as met, count(*) filter (where not ${isMet} and exists (select from ticks t where ${looksAlike})) as alike
     from s join instruments i on i.key = $2 and i.source <> 'file' group by i.id`,
    [batch.id, batch.instrumentKey],
  );
  if (rows.length === 0) return;
  const [{ id, met, alike }] = rows;
  if (alike < ENOUGH || alike <= met) return;
  // only now, because it compares the batch with itself: those whose stored counterpart is missing from the batch
  const { rows: exact } = await transaction.query<{ doubled: number }>(
    `with s as materialized (${known})
     select count(distinct (s.time, s.identity)) as doubled from s join ticks t on ${looksAlike}
     where not ${isMet} and (t.time, t.identity) not in (select time, identity from staged_rows where batch = $1 and time is not null)`,
    [batch.id, batch.instrumentKey],
  );
  const [{ doubled }] = exact;
  if (doubled < ENOUGH || doubled <= met) return;
  throw new PredictLabError(
    'SourceSchemaChanged',
    `${id}: ${doubled} stored trades came again under other identities (same times, prices and sizes) and only ${met} as they are stored: its venue spells its rows in another way, so nothing of this collection was stored; update PredictLab`,
  );
}
