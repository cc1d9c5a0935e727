import { INTERVAL_MS, type Interval, type TickKind } from '../../contracts/words.ts';
import { intervalMinutes, intervalOf, tickKindOf } from '../database/codes.ts';
import type { Queryable } from '../database/database.ts';

/** A series of candles that is long enough to be backtested. */
export interface BacktestSeries {
  readonly instrumentKey: number;
  readonly interval: Interval;
  readonly priceType: TickKind;
}

/**
 * The series of some instruments with at least two complete candles that open at or after `from` and are closed by `to`;
 * for each instrument and interval the one of trades where there is one, else that of price points. By instrument, then interval.
 *
 * @param filter.from, filter.to UTC epoch milliseconds
 */
export async function backtestSeries(
  queryable: Queryable,
  filter: {
    readonly instrumentKeys: readonly number[];
    readonly intervals: readonly Interval[];
    readonly from: number;
    readonly to: number;
  },
): Promise<readonly BacktestSeries[]> {
  const { rows } = await queryable.query<{ instrument: number; interval_minutes: number; kind: number }>(
    `select distinct on (instrument, interval_minutes) instrument, interval_minutes, kind from candles
     where instrument = any($1) and interval_minutes = any($2) and complete and open_time >= $3 and open_time + interval_minutes * $5::bigint <= $4
     group by instrument, interval_minutes, kind having count(*) >= 2
     order by instrument, interval_minutes, kind`,
    [filter.instrumentKeys, filter.intervals.map(intervalMinutes), Math.ceil(filter.from), Math.floor(filter.to), INTERVAL_MS['1m']],
  );
  return rows.map((row) => ({
    instrumentKey: row.instrument,
    interval: intervalOf(row.interval_minutes),
    priceType: tickKindOf(row.kind),
  }));
}
