import type { Queryable } from '../database/database.ts';

/** Seconds since the newest tick of each enabled symbol that has any. @param now UTC epoch milliseconds */
export async function freshness(queryable: Queryable, now: number): Promise<ReadonlyMap<string, number>> {
  // The newest tick of an instrument is in its newest hour, so that only one partition is read.
  const { rows } = await queryable.query<{ symbol: string; newest: number }>(
    `select s.symbol, max(t.newest) as newest
     from symbols c join symbol_instruments s on s.symbol = c.symbol
     cross join lateral (select max(hour)::bigint * 3600000 as hour from tick_hours h where h.instrument = s.instrument) l
     cross join lateral (select max(time) as newest from ticks where instrument = s.instrument and time >= l.hour and time < l.hour + 3600000) t
     where c.enabled and t.newest is not null group by s.symbol`,
  );
  return new Map(rows.map(({ symbol, newest }) => [symbol, Math.max(0, (now - newest) / 1000)]));
}
