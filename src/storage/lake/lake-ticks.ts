import type { DuckDBValue } from '@duckdb/node-api';
import { badInput } from '../../contracts/errors.ts';
import { groupedBy } from '../../contracts/grouped-by.ts';
import type { TimeRange } from '../../contracts/market-data.ts';
import { connectDuckDb, sqlText, unreadableByDuckDb } from '../../files/duckdb.ts';
import type { PreparedStatement, Queryable } from '../database/database.ts';
import { checkedFiles, endOfMonth, type LakeFile } from './lake.ts';

/** Part of an instrument's time whose ticks are in the lake, and not in the database. */
export interface MovedRange extends TimeRange {
  readonly key: number;
  readonly id: string;
  /** Sequence number from which on ticks are read. @default 0 */
  readonly sinceSeq?: number;
  /** Number by which the caller identifies this range, repeated in each of its rows. @default the key */
  readonly place?: number;
}

const MOVED_RANGES: PreparedStatement = {
  name: 'moved-ranges',
  text: `select i.key, i.id, lower(r) as "from", upper(r) as "to" from instrument_state s join instruments i on i.key = s.instrument
     cross join lateral unnest(s.moved * int8multirange(int8range($1::bigint, $2::bigint))) as r
     where ($3::int[] is null or s.instrument = any($3)) and s.moved <> '{}' order by 1, 3`,
};

/** The parts of a time range whose ticks were moved to the lake, sorted by instrument and time. @param keys all instruments when absent */
export async function movedRanges(
  queryable: Queryable,
  { from, to }: Partial<TimeRange>,
  keys?: readonly number[],
): Promise<readonly MovedRange[]> {
  return (await queryable.query<MovedRange & Record<string, unknown>>(MOVED_RANGES, [bound(from), bound(to), keys ?? null])).rows;
}

const bound = (time: number | undefined): number | null => (time !== undefined && Number.isFinite(time) ? Math.ceil(time) : null);

/** Maximum number of instruments for which a query lists their ids, so that DuckDB can skip parts of files; above it, it reads all. */
const MAX_LISTED_INSTRUMENTS = 200;

/**
 * A subquery, in parentheses, of the moved ticks of ranges, with the columns of `ticks` and `place`. Its files are checked first, so that
 * no row is left out silently. Call it within one snapshot of the database, or while the instruments are locked.
 */
export async function lakeTicks(queryable: Queryable, ranges: readonly MovedRange[]): Promise<string> {
  const from = Math.min(...ranges.map((range) => range.from));
  const to = Math.max(...ranges.map((range) => range.to));
  const files = await checkedFiles(queryable, { from, to });
  const months = [...groupedBy(files, ({ month }) => month)].flatMap(([month, ofMonth]) => {
    const end = endOfMonth(month);
    const inMonth = ranges
      .filter((range) => range.from < end && range.to > month)
      .map((range) => ({ ...range, from: Math.max(range.from, month), to: Math.min(range.to, end) }));
    return inMonth.length === 0 ? [] : [monthTicks(ofMonth, inMonth)];
  });
  if (months.length === 0) throw badInput('the database lists no lake file for ticks that were moved; restore a backup');
  return `(${months.join(' union all ')})`;
}

/** A query of the ticks in one month's files. It filters by the ids and times of the ranges, so that DuckDB skips most parts of files. */
function monthTicks(files: readonly LakeFile[], ranges: readonly MovedRange[]): string {
  const from = Math.min(...ranges.map((range) => range.from));
  const to = Math.max(...ranges.map((range) => range.to));
  const ids = [...new Set(ranges.map(({ id }) => sqlText(id)))];
  const named = ids.length <= MAX_LISTED_INSTRUMENTS ? ` and f.instrument in (${ids.join(', ')})` : '';
  const values = ranges.map(
    ({ key, id, sinceSeq = 0, place = key, ...range }) => `(${place}, ${key}, ${sqlText(id)}, ${range.from}, ${range.to}, ${sinceSeq})`,
  );
  return `select r.place, r.key as instrument, epoch_ms(f.time) as time, f.seq, case f.kind when 'trade' then 0 else 1 end as kind, f.price, f.size,
      case f.side when 'buy' then 1 when 'sell' then 0 end as side, f.flags, f.identity, f.outcome, f.trade_id, f.grain
    from read_parquet([${files.map((file) => sqlText(file.path)).join(', ')}], hive_partitioning = false) f
    join (values ${values.join(', ')}) r(place, key, id, begins, ends, since_seq)
      on f.instrument = r.id and f.time >= make_timestamptz(r.begins * 1000) and f.time < make_timestamptz(r.ends * 1000) and f.seq >= r.since_seq
    where f.time >= make_timestamptz(${from} * 1000) and f.time < make_timestamptz(${to} * 1000)${named}`;
}

/** The columns of each chunk of a DuckDB query's result. */
export async function* lakeChunks(sql: string): AsyncGenerator<readonly (readonly DuckDBValue[])[]> {
  const duckDb = await connectDuckDb();
  try {
    yield* duckDb.chunks(sql);
  } catch (error) {
    throw unreadableByDuckDb('the lake', error);
  } finally {
    await duckDb.close();
  }
}

/** The rows of a DuckDB query's result. */
export async function lakeRows<Row extends readonly unknown[]>(sql: string): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for await (const columns of lakeChunks(sql))
    for (const i of columns[0].keys()) rows.push(columns.map((column) => column[i]) as unknown as Row);
  return rows;
}

/** Merges two streams of sorted batches into one. */
export async function* mergedBatches<T>(
  one: AsyncIterable<readonly T[]>,
  other: AsyncIterable<readonly T[]>,
  compare: (a: T, b: T) => number,
): AsyncGenerator<readonly T[]> {
  const streams = [one[Symbol.asyncIterator](), other[Symbol.asyncIterator]()] as const;
  const heads: (readonly T[])[] = [[], []];
  const places = [0, 0];
  const advance = async (s: 0 | 1): Promise<boolean> => {
    while (places[s] >= heads[s].length) {
      const { value, done } = await streams[s].next();
      if (done === true) return false;
      [heads[s], places[s]] = [value, 0];
    }
    return true;
  };
  try {
    for (;;) {
      const [hasOne, hasOther] = [await advance(0), await advance(1)];
      if (!hasOne || !hasOther) {
        const rest = hasOne ? 0 : 1;
        while (await advance(rest)) {
          yield heads[rest].slice(places[rest]);
          places[rest] = heads[rest].length;
        }
        return;
      }
      const batch: T[] = [];
      while (places[0] < heads[0].length && places[1] < heads[1].length) {
        const first = compare(heads[0][places[0]], heads[1][places[1]]) <= 0 ? 0 : 1;
        batch.push(heads[first][places[first]++]);
      }
      yield batch;
    }
  } finally {
    for (const stream of streams) await stream.return?.();
  }
}
