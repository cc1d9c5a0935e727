import { groupedBy } from '../../contracts/grouped-by.ts';
import type { Instrument, TimeRange } from '../../contracts/market-data.ts';
import { DAY_MS } from '../../contracts/words.ts';
import { judgeStated, STATED_SLACK_MS, type StatedComparison } from '../../market/second-witness.ts';
import type { Queryable, Transaction } from '../database/database.ts';
import { lockInstruments } from '../markets/instrument-lock.ts';
import { noteWithdrawal, withoutRange } from './coverage.ts';

/** Longest time over which stated totals are compared; the totals are kept a week longer. */
export const COMPARED_MS = 2 * DAY_MS;
const KEPT_MS = COMPARED_MS + 7 * DAY_MS;
/** Period in which only the first look is compared with the newest one: an hour, in milliseconds. */
const LOOK_INTERVAL_MS = DAY_MS / 24;
/** A range that is in doubt is walked again after this time. */
const RETRY_MS = DAY_MS;

/** Records what a venue states of its markets, one row per instrument and look. */
export async function noteStated(
  transaction: Transaction,
  looks: readonly { readonly key: number; readonly stated: NonNullable<Instrument['stated']> }[],
): Promise<void> {
  if (looks.length === 0) return;
  await transaction.query(
    `with old as (delete from stated_volumes v using unnest($1::int[], $2::bigint[]) as l(instrument, at)
       where v.instrument = l.instrument and v.at < l.at - ${KEPT_MS})
     insert into stated_volumes (instrument, at, volume, trades) select * from unnest($1::int[], $2::bigint[], $3::float8[], $4::bigint[])
     on conflict do nothing`,
    [
      looks.map(({ key }) => key),
      looks.map(({ stated }) => Math.floor(stated.at)),
      looks.map(({ stated }) => stated.volume),
      looks.map(({ stated }) => stated.trades),
    ],
  );
}

/** SQL for the totals of the stored trades of the market `i` in the time `p`, with and without the slack $3 (milliseconds) at both ends. */
export const HELD = `cross join lateral (
    select coalesce(sum(value), 0) as "mostVolume", count(*) as "mostTrades",
      coalesce(sum(value) filter (where inner_part), 0) as "leastVolume", count(*) filter (where inner_part) as "leastTrades"
    from (select t.size * case when i.facts->'stated'->>'unit' = 'sizes' then 1 when t.outcome = i.facts->'outcomes'->>1 then 1 - t.price else t.price end as value,
            t.time > p."from" + $3 and t.time <= p."to" - $3 as inner_part
          from ticks t where t.instrument = p.instrument and t.kind = 0 and t.time > p."from" - $3 and t.time <= p."to" + $3) as x) held`;

interface ComparisonRow extends StatedComparison {
  readonly key: number;
  readonly id: string;
  readonly source: string;
  readonly from: number;
  readonly to: number;
  readonly isCalibrated: boolean;
}

/** Result of comparing the venue's stated totals with a symbol's trades. */
export interface WitnessVerdicts {
  /** One sentence for each instrument with more stored trades than its venue states. */
  readonly problems: readonly string[];
  /** Market-hours compared, and those that agreed. */
  readonly hours: number;
  readonly agreed: number;
  /** Ranges in doubt that were walked again recently, by instrument key. They are not claimed before their next walk is due. */
  readonly doubted: ReadonlyMap<number, readonly TimeRange[]>;
}

/** Volume above which equal totals show that a source counts the same trades; far above the tolerance of a comparison. */
export const SIGNIFICANT_VOLUME = 1;

/**
 * Compares the venue's totals between two looks with the stored trades, where all of that time is covered: from the earliest look to the
 * newest, and from the look with the fewest trades around it, which is the most exact. Totals may include quarantined rows. Agreement
 * confirms the time. Where trades are missing, coverage is withdrawn and walked again, at once and then daily, until the totals agree.
 * Totals of a source that never agreed count something else and are ignored.
 */
export async function judgeSymbol(transaction: Transaction, symbol: string, asOf: number): Promise<WitnessVerdicts> {
  const { rows } = await transaction.query<ComparisonRow>(
    `with looks as (
       select v.*, c.ranges from stated_volumes v join symbol_instruments s on s.instrument = v.instrument
       join coverage c on c.instrument = v.instrument and c.kind = 0 where s.symbol = $1 and v.at between $2::bigint - ${2 * COMPARED_MS} and $2
         and not exists (select from instrument_state m where m.instrument = v.instrument and m.moved && int8range(v.at - $3, v.at + $3))),
     ends as (select distinct on (instrument) * from looks where ranges @> int8range(at - $3, at + $3) order by instrument, at desc),
     pairs as (
       select distinct on (e.instrument, l.at / ${LOOK_INTERVAL_MS}) e.instrument, l.at as "from", e.at as "to", e.volume - l.volume as volume,
         e.trades - l.trades as trades
       from ends e join looks l on l.instrument = e.instrument
       where e.agrees is null and l.at < e.at and l.at >= e.at - ${COMPARED_MS} and e.ranges @> int8range(l.at - $3, e.at + $3)
       order by e.instrument, l.at / ${LOOK_INTERVAL_MS}, l.at),
     chosen as (
       (select distinct on (instrument) * from pairs order by instrument, "from")
       union
       (select distinct on (p.instrument) p.* from pairs p cross join lateral (
          select count(*) as trades from ticks t where t.instrument = p.instrument and t.kind = 0 and t.time > p."from" - $3 and t.time <= p."from" + $3) around
        order by p.instrument, around.trades, p."from"))
     select p.instrument as key, i.id, i.source, p."from", p."to", case when rejected.trades = 0 then p.volume end as volume, p.trades,
       held."leastVolume", held."mostVolume", held."leastTrades", held."mostTrades" + rejected.trades as "mostTrades",
       exists (select from stated_volumes v join instruments o on o.key = v.instrument where o.source = i.source and v.agrees) as "isCalibrated"
     from chosen p join instruments i on i.key = p.instrument
     cross join lateral (
       select count(distinct row_hash) as trades from quarantine q where q.instrument = p.instrument and q.kind = 0 and q.healed_at is null
         and (q.time is null or q.time between p."from" - $3 and p."to" + $3)) rejected
     ${HELD}
     order by p.instrument, p."from"`,
    [symbol, Math.floor(asOf), STATED_SLACK_MS],
  );
  const problems: string[] = [];
  let hours = 0;
  let agreed = 0;
  const judged = rows.map((row) => ({ row, ...judgeStated(row) })).filter(({ verdict }) => verdict !== 'unknown');
  for (const one of new Set(judged.map(({ row }) => row.key))) {
    const pairs = judged.filter(({ row }) => row.key === one);
    const { row, verdict, said } = pairs.find((pair) => pair.verdict !== 'agrees') ?? pairs[0];
    const { key, from, to } = row;
    const length = (to - from) / 3_600_000;
    if (verdict === 'agrees') {
      // with little or no trading the totals agree however the source counts, so the agreement does not show that it counts the same trades
      const hasTraded = (row.trades ?? 0) > 0 || (row.volume ?? 0) > SIGNIFICANT_VOLUME;
      if (hasTraded) await transaction.query('update stated_volumes set agrees = true where instrument = $1 and at = $2', [key, to]);
      await confirm(transaction, key, [{ from, to }]);
    } else if (row.isCalibrated) {
      if (verdict === 'lacks') await doubt(transaction, key, { from: from - STATED_SLACK_MS, to: to + STATED_SLACK_MS }, said, asOf);
      else
        problems.push(
          `${row.id}: ${row.source} states ${said} from ${new Date(from).toISOString()} to ${new Date(to).toISOString()}: look for trades that are stored twice`,
        );
    } else continue;
    hours += length;
    if (verdict === 'agrees') agreed += length;
  }
  return { problems, hours, agreed, doubted: await doubtedRanges(transaction, symbol, asOf) };
}

/**
 * Confirms covered time of a market's trades, and ends the doubts about it.
 * @param slack milliseconds by which a doubt overlaps adjacent ranges; confirming such a range does not end the doubt
 */
export async function confirm(transaction: Transaction, key: number, ranges: readonly TimeRange[], slack = 0): Promise<void> {
  await lockInstruments(transaction, [key]);
  const of = [key, ranges.map(({ from }) => from), ranges.map(({ to }) => to)];
  await transaction.query(
    `delete from coverage_doubts d using unnest($2::bigint[], $3::bigint[]) as r("from", "to")
     where d.instrument = $1 and d.kind = 0 and d.from_time < r."to" - $4::bigint and d.to_time > r."from" + $4::bigint`,
    [...of, slack],
  );
  await transaction.query(
    `update coverage set confirmed = confirmed + (ranges * r.seen), inferred = inferred - r.seen
     from (select range_agg(int8range("from", "to")) as seen from unnest($2::bigint[], $3::bigint[]) as r("from", "to")) as r
     where instrument = $1 and kind = 0`,
    of,
  );
}

/** Withdraws the coverage of a range that lacks trades, and remembers why, so that it is walked again. */
export async function doubt(transaction: Transaction, key: number, { from, to }: TimeRange, reason: string, asOf: number): Promise<void> {
  await lockInstruments(transaction, [key]);
  await transaction.query(`update coverage set ${withoutRange('int8multirange(int8range($2, $3))')} where instrument = $1 and kind = 0`, [
    key,
    from,
    to,
  ]);
  await noteWithdrawal(transaction, key, from);
  // a range that was already in doubt keeps the time of its last walk
  await transaction.query(
    `insert into coverage_doubts (instrument, kind, from_time, to_time, reason, seen_at, tried_at) values ($1, 0, $2, $3, $4, $5, 0)
     on conflict (instrument, kind, from_time) do update set to_time = greatest(coverage_doubts.to_time, excluded.to_time), reason = excluded.reason`,
    [key, from, to, reason, Math.floor(asOf)],
  );
}

/** Ranges in doubt that are not due yet for another walk. This run walks the ranges that are due. */
async function doubtedRanges(transaction: Transaction, symbol: string, asOf: number): Promise<ReadonlyMap<number, readonly TimeRange[]>> {
  const { rows } = await transaction.query<TimeRange & { key: number }>(
    `with due as (
       update coverage_doubts d set tried_at = $2 from symbol_instruments s where s.symbol = $1 and d.instrument = s.instrument and d.kind = 0
         and d.tried_at <= $2::bigint - ${RETRY_MS} returning d.instrument, d.from_time)
     select d.instrument as key, d.from_time as "from", d.to_time as "to" from coverage_doubts d
     join symbol_instruments s on s.instrument = d.instrument
     where s.symbol = $1 and d.kind = 0 and d.tried_at > $2::bigint - ${RETRY_MS} and (d.instrument, d.from_time) not in (select * from due)
     order by 1, 2`,
    [symbol, Math.floor(asOf)],
  );
  return groupedBy(rows, ({ key }) => key);
}

/** Reasons why time of these instruments is in doubt, by id; for pages and exports. */
export async function doubtsOf(queryable: Queryable, symbol: string): Promise<readonly (TimeRange & { id: string; reason: string })[]> {
  const { rows } = await queryable.query<TimeRange & { id: string; reason: string }>(
    `select i.id, d.from_time as "from", d.to_time as "to", d.reason from coverage_doubts d join symbol_instruments s on s.instrument = d.instrument
     join instruments i on i.key = d.instrument where s.symbol = $1 order by 1, 2`,
    [symbol],
  );
  return rows;
}
