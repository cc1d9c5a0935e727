import type { TimeRange } from '../../contracts/market-data.ts';
import { INTERVAL_MS, type Interval } from '../../contracts/words.ts';
import type { MergeableCandles } from '../../market/candles/candle-columns.ts';
import { coveredShares } from '../../market/candles/covered-shares.ts';
import { intervalMinutes, kindCode } from '../database/codes.ts';
import type { Transaction } from '../database/database.ts';
import type { StaleSeriesGroup } from './candle-plan.ts';

/** The series to which candles are written, and the facts that decide whether they are complete. */
export interface CandleTarget extends Pick<StaleSeriesGroup, 'instrumentKey' | 'kind' | 'covered' | 'ticksPrunedBefore'> {
  /** A bucket that ends after this instant is still open. */
  readonly asOf: number;
}

const CHUNK = 5_000;

/** The columns of a candle other than its key and revision, in the order in which the statement writes them. */
const VALUES =
  'open, high, low, close, volume, quote_volume, buy_volume, trades, first_time, first_seq, last_time, last_seq, coverage, complete';
const valuesOf = (table: string): string => VALUES.replace(/\w+/g, `${table}.$&`);

const UPSERT = `
  insert into candles (instrument, kind, interval_minutes, open_time, ${VALUES})
  select $1, $2, $3, * from unnest($4::bigint[], $5::float8[], $6::float8[], $7::float8[], $8::float8[], $9::float8[], $10::float8[], $11::float8[],
    $12::int[], $13::bigint[], $14::bigint[], $15::bigint[], $16::bigint[], $17::real[], $18::boolean[])
  on conflict (instrument, kind, interval_minutes, open_time) do update
  set (${VALUES}, revision) = (${valuesOf('excluded')}, candles.revision + 1)
  where (${valuesOf('candles')}) is distinct from (${valuesOf('excluded')})
    and (candles.open_time >= $19 or (excluded.trades >= candles.trades and excluded.coverage >= candles.coverage))`;

/** Writes candles that differ from the stored ones. @returns the number of new or changed ones */
export async function writeCandles(transaction: Transaction, target: CandleTarget, candles: MergeableCandles): Promise<number> {
  let changed = 0;
  for (let from = 0; from < candles.length; from += CHUNK) {
    const to = Math.min(candles.length, from + CHUNK);
    const part = (column: Float64Array): readonly number[] => Array.from(column.subarray(from, to));
    const volumes = (column: Float64Array): readonly (number | null)[] => part(column).map((value) => (Number.isNaN(value) ? null : value));
    const openTimes = part(candles.openTime);
    const { coverage, complete } = completeness(openTimes, candles.interval, target);
    const { rowCount } = await transaction.query(UPSERT, [
      target.instrumentKey,
      kindCode(target.kind),
      intervalMinutes(candles.interval),
      openTimes,
      part(candles.open),
      part(candles.high),
      part(candles.low),
      part(candles.close),
      volumes(candles.volume),
      volumes(candles.quoteVolume),
      volumes(candles.buyVolume),
      part(candles.trades),
      part(candles.firstTime),
      part(candles.firstSequence),
      part(candles.lastTime),
      part(candles.lastSequence),
      coverage,
      complete,
      horizonOf(target),
    ]);
    changed += rowCount ?? 0;
  }
  return changed;
}

/** Removes candles of a range that lost all ticks when finer price points replaced coarser ones: all that are not among `candles`. */
export async function removeEmptied(
  transaction: Transaction,
  target: CandleTarget,
  { range, candles }: { range: TimeRange; candles: Pick<MergeableCandles, 'interval' | 'openTime' | 'length'> },
): Promise<number> {
  const series = [target.instrumentKey, kindCode(target.kind), intervalMinutes(candles.interval)] as const;
  const { rows } = await transaction.query<{ open_time: number }>(
    'select open_time from candles where instrument = $1 and kind = $2 and interval_minutes = $3 and open_time >= $4 and open_time < $5',
    [...series, Math.max(range.from, horizonOf(target)), range.to],
  );
  const built = new Set(candles.openTime.subarray(0, candles.length));
  const emptied = rows.map((row) => row.open_time).filter((openTime) => !built.has(openTime));
  if (emptied.length === 0) return 0;
  const { rowCount } = await transaction.query(
    'delete from candles where instrument = $1 and kind = $2 and interval_minutes = $3 and open_time = any($4::bigint[])',
    [...series, emptied],
  );
  return rowCount ?? 0;
}

/** A series whose changed buckets were built again, and the state from which it was built before. */
export interface BuiltSeries {
  readonly target: CandleTarget;
  readonly interval: Interval;
  /** The instrument's version up to which it is built now. */
  readonly version: number;
  readonly before: { readonly asOf: number; readonly covered: readonly TimeRange[] };
}

/** Maximum number of series that one statement brings up to date. */
const SERIES_AT_ONCE = 500;

/**
 * Updates `complete` and `coverage` of candles whose bucket has closed, or whose coverage has changed, since the series was last built, and
 * records the versions up to which the series are built now. Returns the number of changed candles.
 */
export async function settleSeries(transaction: Transaction, built: readonly BuiltSeries[]): Promise<number> {
  let changed = 0;
  for (let from = 0; from < built.length; from += SERIES_AT_ONCE) {
    const series = built.slice(from, from + SERIES_AT_ONCE);
    changed += await refreshCompleteness(transaction, series);
    await markBuilt(transaction, series);
  }
  return changed;
}

/** The key columns of series, as parallel lists for `unnest`. */
const seriesKeys = (series: readonly BuiltSeries[]): readonly (readonly number[])[] => [
  series.map(({ target }) => target.instrumentKey),
  series.map(({ target }) => kindCode(target.kind)),
  series.map(({ interval }) => intervalMinutes(interval)),
];

async function refreshCompleteness(transaction: Transaction, built: readonly BuiltSeries[]): Promise<number> {
  const series = built.flatMap((one) => {
    if (!Number.isFinite(one.before.asOf)) return [];
    const touched = touchedRange(one);
    const lost = lostRange(one);
    return touched === undefined && lost === undefined ? [] : [{ ...one, touched, lost }];
  });
  if (series.length === 0) return 0;
  const { rows } = await transaction.query<{ place: number; times: readonly number[] }>(
    `select s.place, array_agg(c.open_time::float8) as times
     from unnest($1::int[], $2::smallint[], $3::smallint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[])
       with ordinality as s(instrument, kind, minutes, touched_from, touched_to, lost_from, lost_to, horizon, place)
     cross join lateral (
       select open_time from candles where instrument = s.instrument and kind = s.kind and interval_minutes = s.minutes
         and not complete and open_time >= greatest(s.touched_from, s.horizon) and open_time < s.touched_to
       union all
       select open_time from candles where instrument = s.instrument and kind = s.kind and interval_minutes = s.minutes
         and complete and open_time >= greatest(s.lost_from, s.horizon) and open_time < s.lost_to) c
     group by s.place`,
    [
      ...seriesKeys(series),
      series.map(({ touched }) => touched?.from ?? 0),
      series.map(({ touched }) => touched?.to ?? 0),
      series.map(({ lost }) => lost?.from ?? 0),
      series.map(({ lost }) => lost?.to ?? 0),
      series.map(({ target }) => horizonOf(target)),
    ],
  );
  if (rows.length === 0) return 0;
  const candles = rows.flatMap(({ place, times }) => {
    const one = series[place - 1];
    const { coverage, complete } = completeness(times, one.interval, one.target);
    return times.map((openTime, k) => ({ ...one, openTime, coverage: coverage[k], complete: complete[k] }));
  });
  const { rowCount } = await transaction.query(
    `update candles c set coverage = n.coverage, complete = n.complete, revision = revision + 1
     from unnest($1::int[], $2::smallint[], $3::smallint[], $4::bigint[], $5::real[], $6::boolean[])
       as n(instrument, kind, minutes, open_time, coverage, complete)
     where c.instrument = n.instrument and c.kind = n.kind and c.interval_minutes = n.minutes and c.open_time = n.open_time
       and (c.coverage, c.complete) is distinct from (n.coverage, n.complete)`,
    [
      ...seriesKeys(candles),
      candles.map(({ openTime }) => openTime),
      candles.map(({ coverage }) => coverage),
      candles.map(({ complete }) => complete),
    ],
  );
  return rowCount ?? 0;
}

async function markBuilt(transaction: Transaction, series: readonly BuiltSeries[]): Promise<void> {
  await transaction.query(
    `insert into candle_series (instrument, kind, interval_minutes, version, as_of, covered)
     select s.*, coalesce(c.ranges, '{}') from unnest($1::int[], $2::smallint[], $3::smallint[], $4::bigint[], $5::bigint[])
       as s(instrument, kind, minutes, version, as_of)
     left join coverage c on c.instrument = s.instrument and c.kind = s.kind
     on conflict (instrument, kind, interval_minutes) do update set version = excluded.version, as_of = excluded.as_of, covered = excluded.covered`,
    [...seriesKeys(series), series.map(({ version }) => version), series.map(({ target }) => Math.floor(target.asOf))],
  );
}

const horizonOf = ({ ticksPrunedBefore }: CandleTarget): number =>
  Number.isFinite(ticksPrunedBefore) ? ticksPrunedBefore : Number.MIN_SAFE_INTEGER;

function completeness(openTimes: readonly number[], interval: Interval, { covered, asOf }: CandleTarget) {
  const length = INTERVAL_MS[interval];
  const coverage = Array.from(coveredShares(openTimes, length, covered));
  return { coverage, complete: coverage.map((share, k) => share === 1 && openTimes[k] + length <= asOf) };
}

/** Range of the open times of buckets that may have become complete. */
function touchedRange({ target: { covered, asOf }, interval, before }: BuiltSeries): TimeRange | undefined {
  const length = INTERVAL_MS[interval];
  const edges: number[] = [];
  if (asOf > before.asOf) edges.push(before.asOf - length + 1, asOf - length + 1);
  for (const range of covered) {
    if (before.covered.some(({ from, to }) => from === range.from && to === range.to)) continue;
    // A range that is new or has changed affects the buckets from its start to its end.
    edges.push(range.from - length + 1, range.to);
  }
  if (edges.length === 0) return undefined;
  const from = Math.min(...edges);
  return { from: Number.isFinite(from) ? from : Number.MIN_SAFE_INTEGER, to: Math.max(...edges) };
}

/**
 * Range of the open times of buckets that lost their coverage because the end of coverage was withdrawn; undefined where it was not.
 * Coverage that is removed at its start, with pruned ticks, leaves candles unchanged.
 */
function lostRange({ target: { covered }, interval, before }: BuiltSeries): TimeRange | undefined {
  const end = covered.at(-1)?.to;
  const endBefore = before.covered.at(-1)?.to;
  if (end === undefined || endBefore === undefined || end >= endBefore) return undefined;
  return { from: end - INTERVAL_MS[interval] + 1, to: endBefore };
}
