import type { CategoryOverview, Mover, UniverseOverview } from '../../contracts/universe-overview.ts';
import { DAY_MS } from '../../contracts/words.ts';
import type { Queryable } from '../database/database.ts';

/** Number of categories that are listed by name; the other ones are added up in one row. */
const CATEGORIES = 12;
const MOVERS = 10;
/** Number of recently traded markets, those with the largest volume, among which the largest price moves are searched. */
const COMPARED = 2000;

/** A text that changes with every listing of a universe and with every run that ends. */
export async function universesMark(queryable: Queryable): Promise<string> {
  const { rows } = await queryable.query<{ mark: string }>(
    "select concat((select max(as_of) from universe_listings), ' ', (select max(finished_at) from runs)) as mark",
  );
  return rows[0].mark;
}

/** Summary of each listed universe at its last listing: its members by category, and the largest price moves. */
export async function universeOverviews(queryable: Queryable): Promise<readonly UniverseOverview[]> {
  const { rows } = await queryable.query<{ universe: string; listedAt: number }>(
    `select l.universe, max(l.as_of) as "listedAt" from universe_listings l join symbols s on s.symbol = l.universe
     group by l.universe order by l.universe collate "C"`,
  );
  return await Promise.all(
    rows.map(async (row) => ({
      ...row,
      categories: await categoriesOf(queryable, row.universe, row.listedAt),
      movers: await moversOf(queryable, row.universe, row.listedAt),
    })),
  );
}

async function categoriesOf(queryable: Queryable, universe: string, at: number): Promise<readonly CategoryOverview[]> {
  const { rows } = await queryable.query<CategoryOverview>(
    `with members as (
       select m.listed->>'category' as category, not (m.listed->>'closed')::boolean as open, coalesce(m.walked_at >= m.moved_at, false) as quiet,
         c.looked, c.ranges, greatest($2::bigint - $3::bigint, coalesce((m.listed->>'opensAt')::float8::bigint, 0)) as "from"
       from universe_members m left join instruments i on i.id = m.instrument left join coverage c on c.instrument = i.key and c.kind = 0
       where m.universe = $1 and m.until is null),
     named as (select category from members where category is not null group by category order by count(*) desc, category limit $4)
     select n.category, count(*)::int as members, count(*) filter (where open)::int as open, count(*) filter (where quiet)::int as quiet,
       (percentile_disc(0.5) within group (order by looked) filter (where open)) as looked, min(looked) filter (where open) as oldest,
       (sum(covered.ms) filter (where open) / nullif(sum(greatest(0, $2::bigint - "from")) filter (where open), 0))::float8 as covered
     from members m left join named n on n.category = m.category
     cross join lateral (
       select coalesce(sum(least(upper(r), $2::bigint) - greatest(lower(r), m."from")), 0) as ms from unnest(m.ranges) as r
       where upper(r) > m."from" and lower(r) < $2::bigint) as covered
     group by n.category order by n.category is null, members desc, n.category`,
    [universe, Math.floor(at), DAY_MS, CATEGORIES],
  );
  return rows;
}

async function moversOf(queryable: Queryable, universe: string, at: number): Promise<readonly Mover[]> {
  const { rows } = await queryable.query<Mover>(
    `with traded as (
       select m.instrument, m.event, m.listed->>'title' as title, m.listed->>'category' as category, (m.listed->'stated'->>'volume')::float8 as volume, i.key
       from universe_members m join instruments i on i.id = m.instrument
       where m.universe = $1 and m.until is null and m.moved_at >= $2::bigint - $3::bigint order by volume desc nulls last, m.instrument limit $4)
     select t.instrument, t.event, t.title, t.category, t.volume, c.before, c.last from traded t
     cross join lateral (select interval_minutes as minutes from candle_series where instrument = t.key and kind = 0 order by abs(interval_minutes - 60) limit 1) s
     cross join lateral (
       select (array_agg(open order by open_time))[1] as before, (array_agg(close order by open_time desc))[1] as last from candles
       where instrument = t.key and kind = 0 and interval_minutes = s.minutes and open_time >= $2::bigint - $3::bigint and open_time < $2::bigint) c
     where c.last <> c.before order by abs(c.last - c.before) desc, t.instrument limit $5`,
    [universe, Math.floor(at), DAY_MS, COMPARED, MOVERS],
  );
  return rows;
}
