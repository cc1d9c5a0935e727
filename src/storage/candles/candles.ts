import type { Interval, TickKind } from '../../contracts/words.ts';
import type { CandleColumns } from '../../market/candles/candle-columns.ts';
import { intervalMinutes, intervalOf, kindCode, tickKindOf } from '../database/codes.ts';
import { CopyDecoder } from '../database/copy-format.ts';
import type { Queryable } from '../database/database.ts';
import type { TickMonth } from '../ticks/ticks.ts';

/** Stored candles of one instrument, price type and interval, oldest first. */
export interface StoredCandles extends CandleColumns {
  /** 1 where the bucket is closed and wholly inside coverage. */
  readonly complete: Uint8Array;
  /** Share of the bucket that is covered, in [0, 1]. */
  readonly coverage: Float64Array;
  /** How often the candle has changed, from 1. */
  readonly revision: Float64Array;
}

export interface CandleFilter {
  readonly instrumentKey: number;
  readonly priceType: TickKind;
  readonly interval: Interval;
  /** `from ≤ openTime < to`, UTC epoch milliseconds. */
  readonly from?: number;
  readonly to?: number;
  /** Leave out buckets that are open or touch a gap. @default false */
  readonly completeOnly?: boolean;
}

const FLOATS = ['open', 'high', 'low', 'close', 'volume', 'quoteVolume', 'buyVolume', 'coverage'] as const;
const COLUMNS = ['openTime', ...FLOATS, 'trades', 'revision'] as const;
type Columns<Column> = Record<(typeof COLUMNS)[number], Column>;

/** Reads candles as columns; volumes are NaN where ticks have no size. */
export async function readCandles(queryable: Queryable, filter: CandleFilter): Promise<StoredCandles> {
  const rows = Object.fromEntries(COLUMNS.map((name) => [name, []])) as unknown as Columns<number[]>;
  const complete: number[] = [];
  const decoder = new CopyDecoder();
  const select = `select open_time, open, high, low, close, volume, quote_volume, buy_volume, coverage::float8, trades::bigint, revision::bigint, complete::int::smallint
    from candles where ${condition(filter)} order by open_time`;
  for await (const chunk of queryable.copyOut(`copy (${select}) to stdout (format binary)`)) {
    decoder.push(chunk);
    while (decoder.nextRow()) {
      rows.openTime.push(decoder.int8());
      for (const name of FLOATS) rows[name].push(decoder.nullableFloat8() ?? Number.NaN);
      rows.trades.push(decoder.int8());
      rows.revision.push(decoder.int8());
      complete.push(decoder.int2() as number);
    }
  }
  const columns = Object.fromEntries(COLUMNS.map((name) => [name, Float64Array.from(rows[name])])) as Columns<Float64Array>;
  return { length: complete.length, ...columns, complete: Uint8Array.from(complete) };
}

function condition({ instrumentKey, priceType, interval, from, to, completeOnly }: CandleFilter): string {
  const parts = [
    `instrument = ${Math.trunc(instrumentKey)}`,
    `kind = ${kindCode(priceType)}`,
    `interval_minutes = ${intervalMinutes(interval)}`,
  ];
  if (from !== undefined) parts.push(`open_time >= ${Math.ceil(from)}`);
  if (to !== undefined) parts.push(`open_time < ${Math.ceil(to)}`);
  if (completeOnly === true) parts.push('complete');
  return parts.join(' and ');
}

/** Lists the series of an instrument that have candles. */
export async function candleSeriesOf(
  queryable: Queryable,
  instrumentKey: number,
): Promise<readonly { readonly priceType: TickKind; readonly intervalMinutes: number }[]> {
  const { rows } = await queryable.query<{ kind: number; intervalMinutes: number }>(
    'select kind, interval_minutes as "intervalMinutes" from candle_series where instrument = $1 order by 1, 2',
    [instrumentKey],
  );
  return rows.map(({ kind, intervalMinutes }) => ({ priceType: tickKindOf(kind), intervalMinutes }));
}

/** Months in which candles of the instruments open, one entry per month and source. */
export async function candleMonths(queryable: Queryable, instrumentKeys: readonly number[]): Promise<readonly TickMonth[]> {
  const { rows } = await queryable.query<TickMonth>(
    `select i.source, (extract(epoch from date_trunc('month', to_timestamp(c.open_time / 1000.0) at time zone 'UTC') at time zone 'UTC') * 1000)::bigint as month, null as "prunedBefore"
     from candles c join instruments i on i.key = c.instrument where c.instrument = any($1) group by 1, 2 order by 2, 1`,
    [instrumentKeys],
  );
  return rows;
}

/** The intervals for which candles of the instruments were built, and the latest `asOf` of those builds. */
export async function builtCandles(
  queryable: Queryable,
  instrumentKeys: readonly number[],
): Promise<{ readonly intervals: readonly Interval[]; readonly asOf: number }> {
  const { rows } = await queryable.query<{ minutes: number; asOf: number }>(
    `select interval_minutes as minutes, max(as_of) as "asOf" from candle_series where instrument = any($1) group by 1 order by 1`,
    [instrumentKeys],
  );
  return { intervals: rows.map(({ minutes }) => intervalOf(minutes)), asOf: Math.max(0, ...rows.map(({ asOf }) => asOf)) };
}
