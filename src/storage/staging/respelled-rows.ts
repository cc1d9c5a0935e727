import { PredictLabError } from '../../contracts/errors.ts';
import type { Transaction } from '../database/database.ts';
import { GOOD } from './staged-rows.ts';
import type { StagingBatch } from './staging.ts';

/** Fewer rows than these may be trades that only look alike. */
const ENOUGH = 5;

/**
 * Refuses a batch in which a venue brings stored trades again under other identities: trades with the time, price and size of stored ones, while
 * those stored ones are missing from the batch. Stored as late rows they would double the data. Rows of files are not judged.
 *
 * @throws PredictLabError `SourceSchemaChanged` when there are more such trades than trades that are met again as they are stored
 */
export async function refuseRespelled(transaction: Transaction, batch: StagingBatch): Promise<void> {
  const { rows } = await transaction.query<{ id: string; met: number; doubled: number }>(
    `with s as materialized (
       select distinct s.time, s.price, s.size, s.identity from staged_rows s
       join tick_hours h on h.instrument = $2 and h.kind = 0 and h.hour = (s.time / 3600000)::int
       where s.batch = $1 and s.kind = 0 and ${GOOD}
     ), m as materialized (
       select s.*, t.identity is not null as met from s
       left join ticks t on t.instrument = $2 and t.kind = 0 and t.time = s.time and t.identity = s.identity
     ), doubled as (
       select distinct m.time, m.identity from m join ticks t on t.instrument = $2 and t.kind = 0 and t.time = m.time
         and abs(t.price - m.price) <= 1e-6 and abs(t.size - m.size) <= 1e-6
       left join s o on o.time = t.time and o.identity = t.identity
       where not m.met and o.identity is null
     )
     select i.id, (select count(*) from m where met) as met, (select count(*) from doubled) as doubled
     from instruments i where i.key = $2 and i.source <> 'file'`,
    [batch.id, batch.instrumentKey],
  );
  if (rows.length === 0) return;
  const [{ id, met, doubled }] = rows;
  if (doubled < ENOUGH || doubled <= met) return;
  throw new PredictLabError(
    'SourceSchemaChanged',
    `${id}: ${doubled} stored trades came again under other identities (same times, prices and sizes) and only ${met} as they are stored: its venue spells its rows in another way, so nothing of this collection was stored; update PredictLab`,
  );
}
