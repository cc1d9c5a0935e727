import { TICK_FLAGS } from '../../contracts/market-data.ts';
import type { Interval } from '../../contracts/words.ts';
import { intervalMinutes } from '../database/codes.ts';
import type { Queryable } from '../database/database.ts';
import type { FrozenInstrument } from './frozen-inputs.ts';

/** Numbers of rows that were compared, that differ, and that cannot be compared because they have changed since the run. */
export interface Compared {
  readonly compared: number;
  readonly different: number;
  readonly leftOut: number;
  /** The first rows that differ, one line each. */
  readonly examples: readonly string[];
}

export interface ShadowComparison {
  readonly schema: string;
  readonly instruments: readonly FrozenInstrument[];
  /** UTC epoch milliseconds. */
  readonly asOf: number;
}

const EXAMPLES = 3;

/** SQL table `f` of the instruments, with their version and prune time when the run built its candles. */
const FROZEN = `(select * from unnest($1::int[], $2::bigint[], $3::bigint[]) as f(instrument, version, pruned)) f`;
const frozenOf = (instruments: readonly FrozenInstrument[]): readonly unknown[] => [
  instruments.map(({ key }) => key),
  instruments.map(({ version }) => version),
  instruments.map(({ prunedBefore }) => prunedBefore),
];

/** SQL condition: whether ticks of `[from, to)` have changed or were pruned since the run. */
const touched = (key: string, from: string, to: string): string =>
  `(coalesce(${from} < f.pruned, false) or exists (select from tick_hours h where h.instrument = f.instrument and h.kind = ${key}.kind
     and h.version > f.version and h.hour >= (${from}) / 3600000 and h.hour * 3600000::bigint < ${to}))`;

/** The only flag that depends on the price alone. Outliers depend on neighbouring rows, off-grid prices on the tick size of that day. */
const OWN_FLAG = 1 << TICK_FLAGS.indexOf('extreme-price');

/** Columns of one table: `m.price, m.size`. */
const columnsOf = (table: string, names: string): string => names.replace(/\w+/g, `${table}.$&`);

/** Compares the ticks that the shadow stored in its schema with those in the database. */
export async function compareRows(queryable: Queryable, { schema, instruments, asOf }: ShadowComparison): Promise<Compared> {
  const values = 'price, size, side, outcome, trade_id';
  return await counted(
    queryable,
    `select f.instrument, kind, time as at, ${touched('p', 'p.time', 'p.time + 1')} as touched, p.what
     from (
       select instrument, kind, time, case when s.price is null then 'is not stored' when m.price is null then 'is new'
         when (${columnsOf('m', values)}, m.flags & ${OWN_FLAG}) is distinct from (${columnsOf('s', values)}, s.flags & ${OWN_FLAG}) then 'differs' end as what
       from (select * from ticks where instrument = any($1) and time <= $4) m
       full join (select * from ${schema}.ticks where instrument = any($1)) s using (instrument, kind, time, identity)
     ) p join ${FROZEN} on f.instrument = p.instrument`,
    [...frozenOf(instruments), asOf],
    'tick',
  );
}

/** Compares the candles that the shadow built with those in the database, in buckets whose ticks have not changed since the run. */
export async function compareCandles(
  queryable: Queryable,
  comparison: ShadowComparison & { readonly intervals: readonly Interval[] },
): Promise<Compared> {
  const { schema, instruments, asOf, intervals } = comparison;
  const values = 'open, high, low, close, volume, quote_volume, buy_volume, trades, first_time, last_time';
  const key = 'instrument, kind, interval_minutes, open_time';
  const end = 'open_time + interval_minutes * 60000::bigint';
  const bucket = `int8multirange(int8range(open_time, ${end}))`;
  // completeness is compared only where it cannot have changed: a bucket that has closed since, or was covered further, may be complete now
  const asThen = `(${end} <= $4 or coalesce(cs.as_of, 0) <= $4) and coalesce(mc.ranges, '{}') * ${bucket} = coalesce(sc.ranges, '{}') * ${bucket}`;
  return await counted(
    queryable,
    `select f.instrument, kind, open_time as at, interval_minutes,
       (${touched('p', 'p.open_time', 'p.end_time')}
         or exists (select from ticks t where t.instrument = f.instrument and t.kind = p.kind and t.time > $4 and t.time >= p.open_time and t.time < p.end_time)) as touched,
       p.what
     from (
       select ${key}, ${end} as end_time, case when s.open is null then 'is not there' when m.open is null then 'is new'
         when (${columnsOf('m', values)}) is distinct from (${columnsOf('s', values)}) then 'differs'
         when m.complete <> s.complete and ${asThen} then 'is ' || case when s.complete then '' else 'not ' end || 'complete' end as what
       from (select * from candles where instrument = any($1) and open_time <= $4
         and (interval_minutes = any($5::smallint[]) or (instrument, kind, interval_minutes) in (select instrument, kind, interval_minutes from ${schema}.candle_series))) m
       full join (select * from ${schema}.candles where instrument = any($1)) s using (${key})
       left join candle_series cs using (instrument, kind, interval_minutes)
       left join coverage mc using (instrument, kind) left join ${schema}.coverage sc using (instrument, kind)
     ) p join ${FROZEN} on f.instrument = p.instrument`,
    [...frozenOf(instruments), asOf, intervals.map(intervalMinutes)],
    'candle',
  );
}

/** Series that had a complete candle in the run whose ticks have changed since, as `<instrument key> <interval in minutes>`. */
export async function changedSeries(queryable: Queryable, { schema, instruments }: ShadowComparison): Promise<ReadonlySet<string>> {
  const { rows } = await queryable.query<{ series: string }>(
    `select distinct f.instrument || ' ' || p.interval_minutes as series from (
       select *, open_time + interval_minutes * 60000::bigint as end_time from ${schema}.candles where complete) p
     join ${FROZEN} on f.instrument = p.instrument where ${touched('p', 'p.open_time', 'p.end_time')}`,
    [...frozenOf(instruments)],
  );
  return new Set(rows.map(({ series }) => series));
}

interface Line {
  readonly compared: number;
  readonly different: number;
  readonly left_out: number;
  readonly examples: readonly { id: string; kind: number; at: number; minutes: number | null; what: string }[] | null;
}

async function counted(queryable: Queryable, each: string, values: readonly unknown[], noun: string): Promise<Compared> {
  const { rows } = await queryable.query<Line>(
    `with judged as materialized (${each})
     select count(*) filter (where not touched) as compared, count(*) filter (where not touched and what is not null) as different,
       count(*) filter (where touched) as left_out,
       (select json_agg(x) from (select i.id, d.kind, d.at, ${noun === 'candle' ? 'd.interval_minutes' : 'null::int'} as minutes, d.what
          from judged d join instruments i on i.key = d.instrument where not d.touched and d.what is not null order by d.at, i.id limit ${EXAMPLES}) x) as examples
     from judged`,
    values,
  );
  const { compared, different, left_out: leftOut, examples } = rows[0];
  return {
    compared,
    different,
    leftOut,
    examples: (examples ?? []).map(
      ({ id, kind, at, minutes, what }) =>
        `${id} ${kind === 0 ? 'trade' : 'price'} ${noun}${minutes === null ? '' : ` of ${minutes} minutes`} at ${new Date(at).toISOString()} ${what}`,
    ),
  };
}
