import { groupedBy } from '../../contracts/grouped-by.ts';
import type { TimeRange } from '../../contracts/market-data.ts';
import { DAY_MS, type Interval, type SourceType, type TickKind } from '../../contracts/words.ts';
import { fittingInterval } from '../../market/candles/fitting-interval.ts';
import { intervalMinutes, intervalOf, kindCode, tickKindOf } from '../database/codes.ts';
import type { PreparedStatement, Queryable, Transaction } from '../database/database.ts';
import { lockInstruments } from '../markets/instrument-lock.ts';

/** A series of candles that is behind: its ticks or its coverage changed, or a bucket has closed since it was built. */
export interface StaleSeries {
  readonly interval: Interval;
  /** The instrument's version for which the series is built; -1 = never built. */
  readonly builtVersion: number;
  /** The latest `asOf` for which the series was brought up to date; -Infinity = never. */
  readonly asOf: number;
  readonly covered: readonly TimeRange[];
}

export interface StaleSeriesGroup {
  readonly instrumentKey: number;
  readonly kind: TickKind;
  readonly version: number;
  readonly covered: readonly TimeRange[];
  /** Ticks before this time were pruned, so candles there may rest on more ticks than are left; -Infinity: none were pruned. */
  readonly ticksPrunedBefore: number;
  readonly series: readonly StaleSeries[];
}

export interface CandleRequest {
  readonly symbol: string;
  readonly sourceTypes: readonly SourceType[];
  /** Intervals of the run's settings. */
  readonly intervals: readonly Interval[];
  /** The interval that a short market has in addition to `intervals`, by instrument key; see `fittingInterval`. */
  readonly added: ReadonlyMap<number, Interval>;
  readonly asOf: number;
}

interface PlanRow extends Omit<StaleSeriesGroup, 'kind' | 'ticksPrunedBefore' | 'series'> {
  readonly kind: number;
  readonly pruned: number | null;
  readonly minutes: number;
  readonly built: number | null;
  readonly as_of: number | null;
  readonly built_covered: readonly TimeRange[];
}

const RANGES = (multirange: string): string =>
  `(select coalesce(json_agg(json_build_object('from', lower(r), 'to', upper(r)) order by r), '[]') from unnest(${multirange}) as r)`;

/** Finds the interval that each short market of a symbol has in addition to `intervals`, by instrument key. */
export async function addedIntervals(
  queryable: Queryable,
  { symbol, sourceTypes, intervals }: Omit<CandleRequest, 'added' | 'asOf'>,
): Promise<ReadonlyMap<number, Interval>> {
  const { rows } = await queryable.query<{ key: number; opens: number; ends: number }>(
    `select key, opens, ends from (
       select i.key, (i.facts->>'opensAt')::float8 as opens, coalesce(i.facts->>'endsAt', i.facts->>'closesAt')::float8 as ends
       from symbol_instruments s join instruments i on i.key = s.instrument where s.symbol = $1 and i.source = any($2)) lives
     where ends - opens between 1 and $3`,
    [symbol, sourceTypes, DAY_MS],
  );
  return new Map(
    rows.flatMap(({ key, opens, ends }) => {
      const interval = fittingInterval(intervals, { opensAt: opens, closesAt: ends });
      return interval === undefined ? [] : [[key, interval]];
    }),
  );
}

/** The added intervals as two arrays, for `unnest`. */
const addedColumns = (added: CandleRequest['added']): readonly unknown[] => [[...added.keys()], [...added.values()].map(intervalMinutes)];

/** Finds a symbol's stale series by instrument key and locks their instruments for the transaction. Series not returned are up to date. */
export async function staleSeries(transaction: Transaction, request: CandleRequest): Promise<readonly StaleSeriesGroup[]> {
  const found = new Set((await findStaleSeries(transaction, request)).map(({ instrumentKey }) => instrumentKey));
  if (found.size === 0) return [];
  await lockInstruments(transaction, [...found]);
  // Looked up again, because a transaction that held the lock until now may have changed every series.
  return (await findStaleSeries(transaction, request)).filter(({ instrumentKey }) => found.has(instrumentKey));
}

/**
 * SQL for the coverage that makes candles complete. For trades it leaves out inferred time in a market's life: no walk read that time, the
 * venue only stated no new trades.
 */
const LOOKED_AT = `case when k.kind = 0 and c.inferred <> int8multirange() then c.ranges - c.inferred * int8multirange(int8range(
     coalesce((i.facts->>'opensAt')::float8::bigint, 0),
     case when (i.facts->>'closed')::boolean then greatest((i.facts->>'closedAt')::float8, (i.facts->>'opensAt')::float8, 0)::bigint end))
   else coalesce(c.ranges, '{}') end`;

const STALE_SERIES: PreparedStatement = {
  name: 'stale-series',
  text: `select s.instrument as "instrumentKey", k.kind, st.version, st.ticks_pruned_before as pruned, m.minutes, cs.version as built, cs.as_of,
       ${RANGES("coalesce(cs.covered, '{}')")} as built_covered, ${RANGES('looked.at')} as covered
     from symbol_instruments s
     join instruments i on i.key = s.instrument
     join instrument_state st on st.instrument = s.instrument
     cross join (values (0::smallint), (1::smallint)) as k(kind)
     cross join lateral (
       select unnest($3::smallint[]) as minutes union all select a.minutes from unnest($5::int[], $6::smallint[]) as a(key, minutes) where a.key = s.instrument) as m
     left join coverage c on c.instrument = s.instrument and c.kind = k.kind
     cross join lateral (select ${LOOKED_AT} as at) as looked
     left join candle_series cs on cs.instrument = s.instrument and cs.kind = k.kind and cs.interval_minutes = m.minutes
     where s.symbol = $1 and i.source = any($2)
       and exists (select from tick_hours h where h.instrument = s.instrument and h.kind = k.kind)
       and (cs.version is null or cs.version < st.version or cs.covered is distinct from looked.at
         or exists (select from candles n where n.instrument = s.instrument and n.kind = k.kind and n.interval_minutes = m.minutes
           and not n.complete and n.open_time + m.minutes * 60000::bigint > cs.as_of and n.open_time + m.minutes * 60000::bigint <= $4))
     order by s.instrument, k.kind, m.minutes`,
};

/** Finds a symbol's stale series in one query, because a symbol may have thousands of instruments that closed long ago. */
async function findStaleSeries(
  queryable: Queryable,
  { symbol, sourceTypes, intervals, added, asOf }: CandleRequest,
): Promise<readonly StaleSeriesGroup[]> {
  const { rows } = await queryable.query<PlanRow>(STALE_SERIES, [
    symbol,
    sourceTypes,
    intervals.map(intervalMinutes),
    Math.floor(asOf),
    ...addedColumns(added),
  ]);
  return [...groupedBy(rows, ({ instrumentKey, kind }) => `${instrumentKey} ${kind}`).values()].map((group) => {
    const [{ instrumentKey, kind, version, covered, pruned }] = group;
    return {
      instrumentKey,
      kind: tickKindOf(kind),
      version,
      covered,
      ticksPrunedBefore: pruned ?? Number.NEGATIVE_INFINITY,
      series: group.map(({ minutes, built, as_of, built_covered }) => ({
        interval: intervalOf(minutes),
        builtVersion: built ?? -1,
        asOf: as_of ?? Number.NEGATIVE_INFINITY,
        covered: built_covered,
      })),
    };
  });
}

/** An hour that has ticks, with their number and the version of the instrument that changed them last. */
export interface TickHour {
  /** Number of the hour: hours since the Unix epoch. */
  readonly hour: number;
  readonly ticks: number;
  readonly version: number;
}

/** The hours of an instrument that have ticks, oldest first. */
export async function tickHours(queryable: Queryable, instrumentKey: number, kind: TickKind): Promise<readonly TickHour[]> {
  const { rows } = await queryable.query<TickHour>(
    'select hour, ticks, version from tick_hours where instrument = $1 and kind = $2 order by hour',
    [instrumentKey, kindCode(kind)],
  );
  return rows;
}

/** How many candles a symbol has in these intervals. */
export async function countCandles(
  queryable: Queryable,
  { symbol, sourceTypes, intervals, added }: Omit<CandleRequest, 'asOf'>,
): Promise<number> {
  const { rows } = await queryable.query<{ candles: number }>(
    `select count(*) as candles from symbol_instruments s join instruments i on i.key = s.instrument join candles c on c.instrument = s.instrument
     where s.symbol = $1 and i.source = any($2)
       and (c.interval_minutes = any($3) or (c.instrument, c.interval_minutes) in (select * from unnest($4::int[], $5::smallint[])))`,
    [symbol, sourceTypes, intervals.map(intervalMinutes), ...addedColumns(added)],
  );
  return rows[0].candles;
}
