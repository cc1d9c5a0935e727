import type { TimeRange } from '../../contracts/market-data.ts';
import { DAY_MS } from '../../contracts/words.ts';
import { MIN_UNUSUAL_QUIET_MS, type UnusualQuiet, USUAL_HOURS, unusualQuiet } from '../../market/integrity/unusual-quiet.ts';
import { tickKindOf } from '../database/codes.ts';
import type { Queryable } from '../database/database.ts';
import { newestHourSql } from '../ticks/symbol-rows.ts';

const HOUR = 3_600_000;
/** Time by which an instrument's coverage may end before the latest coverage of all; if it ends earlier, the instrument is not judged. */
const STILL_COLLECTED = DAY_MS;

interface QuietRow {
  readonly id: string;
  readonly symbols: readonly string[] | null;
  readonly kind: number;
  readonly until: number;
  readonly covered: readonly TimeRange[];
  readonly hours: readonly number[];
}

/**
 * Warns of open instruments that are still collected and had no tick for unusually long, by kind of tick; most unusual first.
 * Reads only instruments whose last tick is old enough.
 */
export async function unusuallyQuiet(queryable: Queryable): Promise<readonly DataWarning[]> {
  const { rows } = await queryable.query<QuietRow>(
    `with latest as (select max(upper(c.ranges)) as until from coverage c join instruments i on i.key = c.instrument where i.source <> 'file')
     select i.id, c.kind, upper(c.ranges) as until,
       (select array_agg(s.symbol order by s.symbol) from symbol_instruments s where s.instrument = i.key) as symbols,
       (select json_agg(json_build_object('from', lower(r), 'to', upper(r)) order by r) from unnest(c.ranges) as r) as covered,
       (select array_agg(h.hour order by h.hour) from tick_hours h
        where h.instrument = i.key and h.kind = c.kind and h.hour >= l.hour - ${USUAL_HOURS}) as hours
     from coverage c join instruments i on i.key = c.instrument
     cross join lateral (select max(h.hour) as hour from tick_hours h where h.instrument = i.key and h.kind = c.kind) l
     where i.source <> 'file' and not (i.facts->>'closed')::boolean and i.facts->'resolution'->>'kind' = 'open'
       and ((i.facts->>'closesAt') is null or (i.facts->>'closesAt')::float8 > upper(c.ranges))
       and upper(c.ranges) >= (select until from latest) - ${STILL_COLLECTED}
       and l.hour < (upper(c.ranges) - ${MIN_UNUSUAL_QUIET_MS}) / ${HOUR}`,
  );
  const found = rows.flatMap((row) => {
    const quiet = unusualQuiet({ hours: row.hours, covered: row.covered, asOf: row.until });
    return quiet === null ? [] : [{ row, quiet }];
  });
  const ratio = ({ quiet }: { readonly quiet: UnusualQuiet }): number => quiet.length / quiet.usual;
  return found.sort((a, b) => ratio(b) - ratio(a) || (a.row.id < b.row.id ? -1 : 1)).map(({ row, quiet }) => warningOf(row, quiet));
}

function warningOf({ id, symbols, kind }: QuietRow, { since, length, usual }: UnusualQuiet): DataWarning {
  const what = tickKindOf(kind) === 'trade' ? 'trade' : 'price point';
  const hours = (ms: number): number => Math.floor(ms / HOUR);
  return {
    detail: `${(symbols ?? []).join(', ')}: ${id} is open and collected, but has had no ${what} for ${hours(length)} h (since ${new Date(since).toISOString()}); its pauses are rarely longer than ${hours(usual)} h`,
    action: 'nothing is missing here; look at the venue whether the market is over, halted or moved',
  };
}

interface CollectedSymbol {
  readonly symbol: string;
  /** UTC epoch milliseconds. */
  readonly until: number;
}

/** Splits symbols that are still collected into those without any tick for unusually long, by their own history, and the others. */
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
     last as (
       select o.symbol, o.until, max(${newestHourSql('c.key')}) as hour from open o join collected c on c.symbol = o.symbol
       group by 1, 2 having max(${newestHourSql('c.key')}) is not null)
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

export interface DataWarning {
  /** What was found, where, and what it probably means: one sentence. */
  readonly detail: string;
  readonly action: string;
}
