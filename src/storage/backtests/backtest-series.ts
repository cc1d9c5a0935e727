import { INTERVAL_MS, type Interval, type TickKind } from '../../contracts/words.ts';
import { intervalMinutes, type SeriesCodes, withSeries } from '../database/codes.ts';
import type { Queryable } from '../database/database.ts';

export interface BacktestSeries {
  readonly instrumentKey: number;
  readonly interval: Interval;
  readonly priceType: TickKind;
}

export interface StandingSeries extends BacktestSeries {
  /** Text that changes when the series' selected candles change, so that callers can detect changes without reading candles. */
  readonly state: string;
  /** Open time of the series' last complete candle; UTC epoch milliseconds. */
  readonly lastOpen: number;
}

/**
 * Lists the series of these instruments with at least two complete candles that open at or after `from` and are closed by `to`. Candles of
 * trades are preferred to those of price points. Sorted by instrument, then interval.
 * @param filter.open keys of instruments that still trade, whatever the age of their last candle
 * @param filter.closed keys of instruments that no longer trade: only those with a candle that closed at or after `closedSince`
 * @param filter.from UTC epoch milliseconds; -Infinity starts at the first candle
 */
export async function backtestSeries(
  queryable: Queryable,
  filter: {
    readonly open: readonly number[];
    readonly closed: readonly number[];
    readonly intervals: readonly Interval[];
    readonly from: number;
    readonly closedSince: number;
    readonly to: number;
  },
): Promise<readonly StandingSeries[]> {
  const { rows } = await queryable.query<Omit<StandingSeries, 'priceType' | 'interval'> & SeriesCodes>(
    `select distinct on (s.instrument, s.interval_minutes) s.instrument as "instrumentKey", s.interval_minutes as minutes, s.kind,
       concat_ws(' ', s.version, s.as_of, md5(s.covered::text), f.open_time, l.open_time) as state, l.open_time as "lastOpen"
     from candle_series s
     cross join lateral (
       select c.open_time from candles c
       where c.instrument = s.instrument and c.kind = s.kind and c.interval_minutes = s.interval_minutes and c.complete and c.open_time >= $4
       order by c.open_time limit 1) f
     cross join lateral (
       select c.open_time from candles c
       where c.instrument = s.instrument and c.kind = s.kind and c.interval_minutes = s.interval_minutes and c.complete
         and c.open_time + c.interval_minutes * $7::bigint <= $6 and c.open_time <= $6
       order by c.open_time desc limit 1) l
     where (s.instrument = any($1) or (s.instrument = any($2) and l.open_time + s.interval_minutes * $7::bigint >= $5))
       and s.interval_minutes = any($3) and l.open_time > f.open_time
     order by s.instrument, s.interval_minutes, s.kind`,
    [
      filter.open,
      filter.closed,
      filter.intervals.map(intervalMinutes),
      Number.isFinite(filter.from) ? Math.ceil(filter.from) : 0,
      Math.ceil(filter.closedSince),
      Math.floor(filter.to),
      INTERVAL_MS['1m'],
    ],
  );
  return rows.map(withSeries);
}

/**
 * Ids of the markets of a shard that are among the members of its universe with the largest stated volume as of a time.
 * @returns undefined for a symbol of the catalogue
 */
export async function topMembers(
  queryable: Queryable,
  symbol: string,
  { most, asOf }: { readonly most: number; readonly asOf: number },
): Promise<ReadonlySet<string> | undefined> {
  const { rows } = await queryable.query<{ ids: string[] | null }>(
    `select (select coalesce(array_agg(top.instrument), '{}') from (
         select m.instrument, m.shard from universe_members m where m.universe = s.universe and m.since <= $3 and (m.until is null or m.until > $3)
         order by (m.listed->'stated'->>'volume')::float8 desc nulls last, m.instrument limit $2) as top
       where top.shard = s.symbol) as ids
     from symbols s where s.symbol = $1 and s.universe is not null`,
    [symbol, most, Math.floor(asOf)],
  );
  return rows.length === 0 ? undefined : new Set(rows[0].ids);
}
