import { groupedBy } from '../../contracts/grouped-by.ts';
import type { Json } from '../../contracts/run/pipeline-input.ts';
import { type Interval, TICK_KINDS, type TickKind } from '../../contracts/words.ts';
import { type BacktestRecord, rankedSharpeSql } from '../backtests/backtests.ts';
import { kindCode, type SeriesCodes, tickKindOf, withSeries } from '../database/codes.ts';
import { onSnapshot, type Queryable, type Transaction } from '../database/database.ts';
import { lakeOf } from '../lake/lake.ts';
import { lakeRows, lakeTicks, movedRanges } from '../lake/lake-ticks.ts';

const HOUR = 3_600_000;

/** Number of an instrument's ticks of one kind in a window. */
export interface TickActivity {
  readonly instrumentKey: number;
  readonly kind: TickKind;
  readonly ticks: number;
}

/** Numbers of ticks of a symbol, by instrument and kind, in the hours that overlap `[from, to]`; the largest number first. */
export async function tickActivity(
  queryable: Queryable,
  { symbol, from, to }: { symbol: string; from: number; to: number },
): Promise<readonly TickActivity[]> {
  const { rows } = await queryable.query<Omit<TickActivity, 'kind'> & { kind: number }>(
    `select h.instrument as "instrumentKey", h.kind, sum(h.ticks)::float8 as ticks
     from symbol_instruments s join tick_hours h on h.instrument = s.instrument
     where s.symbol = $1 and h.hour between $2 and $3 group by h.instrument, h.kind order by 3 desc, 1, 2`,
    [symbol, Math.floor(from / HOUR), Math.floor(to / HOUR)],
  );
  return rows.map((row) => ({ ...row, kind: tickKindOf(row.kind) }));
}

export interface LastTick {
  readonly time: number;
  readonly price: number;
}

/** Instruments, the kind of tick to read for each (index-aligned), and the time up to which to read. */
interface WantedTicks {
  readonly keys: readonly number[];
  readonly kinds: readonly TickKind[];
  readonly until: number;
}

/** Newest tick of each instrument up to a moment, also from the lake. */
export async function lastTicks(queryable: Queryable, wanted: WantedTicks): Promise<ReadonlyMap<number, LastTick>> {
  return await onSnapshot(queryable, async (transaction) => {
    const last = new Map(await storedLastTicks(transaction, wanted));
    if ((await lakeOf(transaction)) === undefined) return last;
    for (const tick of await movedLastTicks(transaction, wanted))
      if (tick.time > (last.get(tick.instrument)?.time ?? Number.NEGATIVE_INFINITY)) last.set(tick.instrument, tick);
    return last;
  });
}

/** SQL that selects the starts of the two newest hours with ticks of each instrument and kind; parameters as in `WantedTicks`. */
const NEWEST_HOURS = `unnest($1::int[], $2::smallint[]) as w(instrument, kind)
     cross join lateral (
       select hour::bigint * ${HOUR} as start from tick_hours
       where instrument = w.instrument and kind = w.kind and hour <= $3::bigint / ${HOUR} order by hour desc limit 2) h`;
const newestHoursOf = ({ keys, kinds, until }: WantedTicks): readonly unknown[] => [keys, kinds.map(kindCode), Math.floor(until)];

async function movedLastTicks(transaction: Transaction, wanted: WantedTicks): Promise<readonly (LastTick & { instrument: number })[]> {
  const { rows: hours } = await transaction.query<{ instrument: number; kind: number; start: number }>(
    `select w.instrument, w.kind, h.start from ${NEWEST_HOURS}`,
    newestHoursOf(wanted),
  );
  if (hours.length === 0) return [];
  const starts = groupedBy(hours, ({ instrument }) => instrument);
  const hull = { from: Math.min(...hours.map(({ start }) => start)), to: wanted.until + 1 };
  const ranges = (await movedRanges(transaction, hull, [...starts.keys()])).flatMap((range) =>
    (starts.get(range.key) ?? []).flatMap(({ start }) => {
      const [from, to] = [Math.max(range.from, start), Math.min(range.to, start + HOUR)];
      return from < to ? [{ ...range, from, to }] : [];
    }),
  );
  if (ranges.length === 0) return [];
  const pairs = [...new Set(hours.map(({ instrument, kind }) => `(${instrument}, ${kind})`))];
  const rows = await lakeRows<[number, number, number]>(
    `select instrument, max(time)::double, arg_max(price, (time, seq)) from ${await lakeTicks(transaction, ranges)}
     where (instrument, kind) in (${pairs.join(', ')}) group by instrument`,
  );
  return rows.map(([instrument, time, price]) => ({ instrument, time, price }));
}

/** Reads the newest ticks from the newest hours that have ticks, so that the query reads only one partition. */
async function storedLastTicks(queryable: Queryable, wanted: WantedTicks): Promise<ReadonlyMap<number, LastTick>> {
  const { rows } = await queryable.query<LastTick & { instrument: number }>(
    `select w.instrument, t.time, t.price from ${NEWEST_HOURS}
     cross join lateral (
       select time, price, seq from ticks where instrument = w.instrument and kind = w.kind and time >= h.start and time < h.start + ${HOUR} and time <= $3
       order by time desc, seq desc limit 1) t
     order by w.instrument, t.time, t.seq`,
    newestHoursOf(wanted),
  );
  return new Map(rows.map((row) => [row.instrument, row]));
}

/** An instrument with the range of time whose prices are read; UTC epoch milliseconds. */
export interface WantedPath {
  readonly instrumentKey: number;
  readonly kind: TickKind;
  readonly from: number;
  readonly to: number;
}

interface WantedPaths {
  readonly wanted: readonly WantedPath[];
  readonly stretches: number;
}

/** The last price, if there is one, in each of `stretches` equal parts of each instrument's range, oldest first; also from the lake. */
export async function pricePaths(queryable: Queryable, paths: WantedPaths): Promise<ReadonlyMap<number, readonly LastTick[]>> {
  const { wanted, stretches } = paths;
  return await onSnapshot(queryable, async (transaction) => {
    const keys = wanted.map(({ instrumentKey }) => instrumentKey);
    const moved = await movedRanges(transaction, {}, keys);
    const ranges = wanted.flatMap((one, place) =>
      moved.flatMap((range) => {
        const [from, to] = [Math.max(range.from, Math.floor(one.from)), Math.min(range.to, Math.floor(one.to) + 1)];
        return range.key === one.instrumentKey && from < to ? [{ ...range, from, to, place }] : [];
      }),
    );
    if (ranges.length === 0) return await storedPaths(transaction, paths);
    const values = wanted.map(
      ({ kind, from, to }, place) =>
        `(${place}, ${kindCode(kind)}, ${Math.floor(from)}, ${Math.max(1, Math.floor(to) - Math.floor(from))})`,
    );
    const rows = await lakeRows<[number, number, number]>(
      `select t.place, max(t.time)::double, arg_max(t.price, (t.time, t.seq)) from ${await lakeTicks(transaction, ranges)} t
       join (values ${values.join(', ')}) w(place, kind, begins, length) on w.place = t.place and w.kind = t.kind
       group by t.place, least(${stretches - 1}, (t.time - w.begins) * ${stretches} // w.length)`,
    );
    const both = new Map([...(await storedPaths(transaction, paths))].map(([instrument, path]) => [instrument, [...path]]));
    for (const [place, time, price] of rows) {
      const { instrumentKey } = wanted[place];
      both.set(instrumentKey, [...(both.get(instrumentKey) ?? []), { time, price }]);
    }
    const stretchOf = ({ from, to }: WantedPath, time: number): number =>
      Math.min(stretches - 1, Math.floor(((time - Math.floor(from)) * stretches) / Math.max(1, Math.floor(to) - Math.floor(from))));
    for (const one of wanted) {
      const path = (both.get(one.instrumentKey) ?? []).sort((a, b) => a.time - b.time);
      // if a stretch has prices both in the database and in the lake, the later price is used
      both.set(
        one.instrumentKey,
        path.filter(({ time }, i) => i === path.length - 1 || stretchOf(one, time) !== stretchOf(one, path[i + 1].time)),
      );
    }
    return both;
  });
}

async function storedPaths(queryable: Queryable, { wanted, stretches }: WantedPaths): Promise<ReadonlyMap<number, readonly LastTick[]>> {
  const { rows } = await queryable.query<LastTick & { instrument: number }>(
    `select w.instrument, p.time, p.price
     from unnest($1::int[], $2::smallint[], $3::bigint[], $4::bigint[]) as w(instrument, kind, begins, ends)
     cross join lateral (
       select distinct on (least($5::int - 1, (t.time - w.begins) * $5::int / greatest(1, w.ends - w.begins))) t.time, t.price
       from ticks t where t.instrument = w.instrument and t.kind = w.kind and t.time >= w.begins and t.time <= w.ends
       order by least($5::int - 1, (t.time - w.begins) * $5::int / greatest(1, w.ends - w.begins)), t.time desc, t.seq desc) p
     order by w.instrument, p.time`,
    [
      wanted.map(({ instrumentKey }) => instrumentKey),
      wanted.map(({ kind }) => kindCode(kind)),
      wanted.map(({ from }) => Math.floor(from)),
      wanted.map(({ to }) => Math.floor(to)),
      stretches,
    ],
  );
  return groupedBy(rows, ({ instrument }) => instrument);
}

/** The series of candles of an instrument up to a moment, with their lengths and the open time of their last candle. */
export async function candleCounts(
  queryable: Queryable,
  { instrumentKey, until }: { instrumentKey: number; until: number },
): Promise<readonly { readonly priceType: TickKind; readonly interval: Interval; readonly count: number; readonly last: number }[]> {
  const { rows } = await queryable.query<SeriesCodes & { count: number; last: number }>(
    `select kind, interval_minutes as minutes, count(*)::float8 as count, max(open_time) as last from candles
     where instrument = $1 and open_time < $2 group by kind, interval_minutes order by kind, interval_minutes`,
    [instrumentKey, Math.floor(until)],
  );
  return rows.map(withSeries);
}

/** Times of an instrument's quarantined rows, newest first, at most `limit`. */
export async function quarantineTimes(
  queryable: Queryable,
  filter: { symbol: string; instrumentKey: number; from: number; to: number; limit: number },
): Promise<readonly number[]> {
  const { rows } = await queryable.query<{ time: number }>(
    `select time from quarantine where symbol = $1 and instrument = $2 and time between $3 and $4 order by time desc limit $5`,
    [filter.symbol, filter.instrumentKey, Math.floor(filter.from), Math.ceil(filter.to), filter.limit],
  );
  return rows.map(({ time }) => time);
}

/** A stored backtest without its trades and equity curve. */
export type BacktestHead = Omit<BacktestRecord, 'symbol' | 'trades' | 'equity'> & { readonly id: number };

/** Backtests of a symbol from the first of these executions that has any; at most `limit` per instrument, best Sharpe ratio first. */
export async function backtestHeads(
  queryable: Queryable,
  { symbol, executionIds, limit }: { symbol: string; executionIds: readonly string[]; limit: number },
): Promise<readonly BacktestHead[]> {
  const { rows } = await queryable.query<Omit<BacktestHead, 'priceType' | 'interval'> & SeriesCodes>(
    `select id, instrument as "instrumentKey", price_type as kind, interval_minutes as minutes, strategy, params, metrics, passport from (
       select b.*, row_number() over (partition by b.instrument order by b.metrics ? 'failed', ${rankedSharpeSql('b.metrics')} desc nulls last, b.id) as place
       from backtests b where b.symbol = $1 and b.execution_id = (
         select w.id from unnest($2::text[]) with ordinality as w(id, n)
         where exists (select from backtests e where e.symbol = $1 and e.execution_id = w.id) order by w.n limit 1)) ranked
     where place <= $3 order by id`,
    [symbol, executionIds, limit],
  );
  return rows.map(withSeries);
}

/** Trades and equity curves of the backtests with these ids, by id. */
export async function backtestCurves(
  queryable: Queryable,
  ids: readonly number[],
): Promise<ReadonlyMap<number, { readonly trades: Json; readonly equity: Json }>> {
  const { rows } = await queryable.query<{ id: number; trades: Json; equity: Json }>(
    'select id, trades, equity from backtests where id = any($1)',
    [ids],
  );
  return new Map(rows.map(({ id, trades, equity }) => [id, { trades, equity }]));
}

/** Newest execution of a symbol for each kind of result (backtests, walk-forwards, collection, storing); undefined where no run has any. */
export async function newestResults(queryable: Queryable, symbol: string): Promise<NewestResults> {
  const { rows } = await queryable.query<NewestResults>(
    `select
       ${newestWith('backtests')} as backtests,
       ${newestWith('walk_forwards')} as "walkForwards",
       (select execution_id from ledger where task_id = $1 || '/collect' and finished_at is not null order by finished_at desc limit 1) as collect,
       (select execution_id from ledger where task_id = $1 || '/store' and finished_at is not null order by finished_at desc limit 1) as store`,
    [symbol],
  );
  return rows[0];
}

/** SQL for the execution with the latest `asOf` that has rows in a table. A backfill that ran later has an earlier `asOf`. */
const newestWith = (table: 'backtests' | 'walk_forwards'): string =>
  `(select r.execution_id from (select distinct execution_id from ${table} where symbol = $1) e join runs r on r.execution_id = e.execution_id
    order by r.as_of desc nulls last, r.started_at desc limit 1)`;

/** Executions by kind of result; null where no run has any. */
export type NewestResults = Readonly<Record<'backtests' | 'walkForwards' | 'collect' | 'store', string | null>>;

/** The execution, followed by the executions whose successful tasks it took over, newest first. */
export async function retryChain(queryable: Queryable, executionId: string): Promise<readonly string[]> {
  const { rows } = await queryable.query<{ execution_id: string }>(
    `with recursive chain(execution_id, depth) as (
       select $1::text, 0 union all
       select r.retry_of, c.depth + 1 from chain c join runs r on r.execution_id = c.execution_id where r.retry_of is not null and c.depth < 50)
     select execution_id from chain order by depth`,
    [executionId],
  );
  return rows.map((row) => row.execution_id);
}

/** SQL for the newest hour with ticks of an instrument; reads one entry of the index per kind of tick, however many hours there are. */
export const newestHourSql = (instrument: string): string => {
  const ofKind = (kind: TickKind): string =>
    `(select max(hour) from tick_hours where instrument = ${instrument} and kind = ${kindCode(kind)})`;
  return `greatest(${TICK_KINDS.map(ofKind).join(', ')})`;
};

/** Seconds since the newest tick of each enabled symbol that has any. @param now UTC epoch milliseconds */
export async function freshness(queryable: Queryable, now: number): Promise<ReadonlyMap<string, number>> {
  // The newest tick of an instrument is in its newest hour, so only one partition is read; for ticks in the lake, the hour is exact enough.
  const { rows } = await queryable.query<{ symbol: string; newest: number }>(
    `select s.symbol, max(t.newest) as newest
     from symbols c join symbol_instruments s on s.symbol = c.symbol
     cross join lateral (select ${newestHourSql('s.instrument')}::bigint * 3600000 as hour) l
     cross join lateral (select coalesce(max(time), l.hour) as newest from ticks where instrument = s.instrument and time >= l.hour and time < l.hour + 3600000) t
     where c.enabled and t.newest is not null group by s.symbol`,
  );
  return new Map(rows.map(({ symbol, newest }) => [symbol, Math.max(0, (now - newest) / 1000)]));
}
