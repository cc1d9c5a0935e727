import type { Truth } from '../sandbox/truth.ts';
import type { Database } from '../src/storage/database/database.ts';

/** Coverage of trades that is wrong: it has time after `asOf`, or time whose number of stored trades is not the true one. */
export async function untrueCoverage(database: Database, truth: Truth, asOf: number): Promise<readonly string[]> {
  const { rows } = await database.query<{ id: string; from: number; to: number; stored: number }>(
    `select i.id, lower(r) as "from", upper(r) as "to",
       (select count(*)::int from ticks t where t.instrument = i.key and t.kind = 0 and t.time >= lower(r) and t.time < upper(r)) as stored
     from coverage c join instruments i on i.key = c.instrument cross join unnest(c.ranges) as r where c.kind = 0`,
  );
  return rows.flatMap(({ id, from, to, stored }) => {
    const has = truth.ticks(id, { from, to: Math.min(to - 1, asOf) }).length;
    return has === stored && to <= asOf + 1 ? [] : [`${id} from ${from} to ${to}: ${stored} of ${has} trades`];
  });
}
