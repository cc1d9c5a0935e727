import type { TimeRange } from '../../contracts/market-data.ts';
import { DAY_MS } from '../../contracts/words.ts';
import { type UnusualQuiet, USUAL_HOURS, unusualQuiet } from '../../market/integrity/unusual-quiet.ts';
import type { Queryable } from '../database/database.ts';

const HOUR = 3_600_000;
/** A symbol whose coverage ends this much before the latest one is no longer collected. */
const STILL_COLLECTED = DAY_MS;

/** A symbol that is still collected. */
interface CollectedSymbol {
  readonly symbol: string;
  /** UTC epoch milliseconds. */
  readonly until: number;
}

/**
 * Splits the enabled symbols with an open market that are collected up to now into those in which no market has had a tick for unusually long, by
 * the symbol's own history, and the others.
 */
export async function quietSymbols(
  queryable: Queryable,
): Promise<{ readonly quiet: readonly (CollectedSymbol & UnusualQuiet)[]; readonly others: readonly CollectedSymbol[] }> {
  const { rows } = await queryable.query<CollectedSymbol & { covered: readonly TimeRange[] | null; hours: readonly number[] | null }>(
    `with collected as (
       select c.symbol, i.key, cov.ranges from symbols c join symbol_instruments s on s.symbol = c.symbol
       join instruments i on i.key = s.instrument join coverage cov on cov.instrument = i.key where c.enabled and i.source <> 'file'),
     latest as (select max(upper(ranges)) as until from collected),
     open as (
       select c.symbol, max(upper(c.ranges)) as until from collected c join instruments i on i.key = c.key
       where not (i.facts->>'closed')::boolean and i.facts->'resolution'->>'kind' = 'open'
         and ((i.facts->>'closesAt') is null or (i.facts->>'closesAt')::float8 > upper(c.ranges))
       group by c.symbol having max(upper(c.ranges)) >= (select until from latest) - ${STILL_COLLECTED}),
     last as (select o.symbol, o.until, max(h.hour) as hour from open o join collected c on c.symbol = o.symbol join tick_hours h on h.instrument = c.key group by 1, 2)
     select l.symbol, l.until::float8 as until,
       case when l.hour < l.until / ${HOUR} - 6 then (select json_agg(json_build_object('from', lower(r), 'to', upper(r)) order by r)
         from unnest((select range_agg(x) from collected c cross join lateral unnest(c.ranges) as x where c.symbol = l.symbol)) as r) end as covered,
       case when l.hour < l.until / ${HOUR} - 6 then (select array_agg(distinct h.hour order by h.hour)
         from collected c join tick_hours h on h.instrument = c.key where c.symbol = l.symbol and h.hour >= l.hour - ${USUAL_HOURS}) end as hours
     from last l`,
  );
  const quiet: (CollectedSymbol & UnusualQuiet)[] = [];
  const others: CollectedSymbol[] = [];
  for (const { symbol, until, covered, hours } of rows) {
    const found = hours === null || covered === null ? null : unusualQuiet({ hours, covered, asOf: until });
    if (found === null) others.push({ symbol, until });
    else quiet.push({ symbol, until, ...found });
  }
  return { quiet, others };
}
