import type { Instrument, TimeRange } from '../../contracts/market-data.ts';
import type { SourceType } from '../../contracts/words.ts';
import { judgeStated, type StatedComparison, type TimedVolume } from '../../market/second-witness.ts';
import type { Queryable, Transaction } from '../database/database.ts';
import { COMPARED_MS, confirm, doubt, HELD, SIGNIFICANT_VOLUME } from './second-witness.ts';

const HOUR_MS = 3_600_000;
/** Time around a full hour whose trades may count to either hour; short, because the venue dates hours and trades by the same clock. */
const SLACK_MS = 1000;
/** Maximum number of hours that are compared for one market: the newest 200 days. */
const MAX_HOURS = 4800;

/** Covered time of a market, in whole hours. */
export interface UnseenHours extends TimeRange {
  readonly key: number;
  readonly instrument: Instrument;
}

/**
 * Finds markets whose hourly volumes are worth reading: those whose totals were read only once, recently, so that no second look has
 * confirmed the first collection, and those whose doubted time is covered again.
 */
export async function unseenHours(
  queryable: Queryable,
  symbol: string,
  { sourceTypes, asOf, most }: { readonly sourceTypes: readonly SourceType[]; readonly asOf: number; readonly most: number },
): Promise<readonly UnseenHours[]> {
  const { rows } = await queryable.query<UnseenHours>(
    `select * from (
       select i.key, i.facts as instrument, (greatest(min(lower(r)), max(upper(r)) - ${MAX_HOURS * HOUR_MS}) + $4 + ${HOUR_MS - 1}) / ${HOUR_MS} * ${HOUR_MS} as "from",
         (least(max(upper(r)), v.at - ${HOUR_MS}) - $4) / ${HOUR_MS} * ${HOUR_MS} as "to"
       from symbol_instruments s join instruments i on i.key = s.instrument join coverage c on c.instrument = i.key and c.kind = 0
       cross join lateral (select max(at) as at, count(*) as looks from stated_volumes v where v.instrument = i.key) v
       cross join lateral unnest(c.ranges - c.confirmed - c.inferred) as r
       where s.symbol = $1 and i.source = any($2) and v.at <= $3 and (v.looks = 1 and v.at > $3::bigint - ${COMPARED_MS} or exists (
         select from coverage_doubts d where d.instrument = i.key and d.kind = 0 and c.ranges && int8range(d.from_time, d.to_time)))
       group by i.key, i.facts, v.at) as x
     where "from" < "to" order by key limit $5`,
    [symbol, sourceTypes, Math.floor(asOf), SLACK_MS, most],
  );
  return rows;
}

/**
 * Compares a venue's hourly volumes of one market with its stored trades, for hours that are covered. Equal hours are confirmed; hours that
 * lack trades are withdrawn and walked again once, where other hours show that the volumes count the same trades.
 *
 * @returns the number of hours compared, and of those that agreed
 */
export async function judgeHours(
  transaction: Transaction,
  { key, volumes, asOf }: { readonly key: number; readonly volumes: readonly TimedVolume[]; readonly asOf: number },
): Promise<{ readonly hours: number; readonly agreed: number }> {
  const { rows } = await transaction.query<StatedComparison & TimedVolume>(
    `select p."from", p."to", p.volume, null as trades, held.* from instruments i join coverage c on c.instrument = i.key and c.kind = 0
     cross join lateral (
       select i.key as instrument, * from unnest($2::bigint[], $4::bigint[], $5::float8[]) as h("from", "to", volume)) p
     ${HELD}
     where i.key = $1 and c.ranges @> int8range(p."from" - $3, p."to" + $3)
       and not exists (select from instrument_state m where m.instrument = i.key and m.moved && int8range(p."from" - $3, p."to" + $3))
       and not exists (select from quarantine q where q.instrument = i.key and q.kind = 0 and q.healed_at is null
         and (q.time is null or q.time between p."from" - $3 and p."to" + $3))
     order by 1`,
    [key, volumes.map(({ from }) => from), SLACK_MS, volumes.map(({ to }) => to), volumes.map(({ volume }) => volume)],
  );
  const judged = rows.map((row) => ({ ...row, ...judgeStated(row) }));
  const agreed = judged.filter(({ verdict }) => verdict === 'agrees');
  if (agreed.length > 0) await confirm(transaction, key, agreed, SLACK_MS);
  const lacking = judged.filter(({ verdict }) => verdict === 'lacks');
  const walked = await walkedInVain(transaction, key, lacking);
  if (agreed.some(({ volume }) => volume > SIGNIFICANT_VOLUME))
    for (const { from, to, said } of lacking.filter((hour) => !walked.has(hour.from)))
      await doubt(transaction, key, { from: from - SLACK_MS, to: to + SLACK_MS }, said, asOf);
  return { hours: judged.length, agreed: agreed.length };
}

/** Ends the doubts about hours that still lack trades after another walk, since their venue contradicts itself; returns their starts. */
async function walkedInVain(transaction: Transaction, key: number, hours: readonly TimeRange[]): Promise<ReadonlySet<number>> {
  if (hours.length === 0) return new Set();
  const { rows } = await transaction.query<{ from: number }>(
    `delete from coverage_doubts d using unnest($2::bigint[]) as h("from")
     where d.instrument = $1 and d.kind = 0 and d.from_time = h."from" - $3::bigint and d.tried_at > 0 returning h."from"`,
    [key, hours.map(({ from }) => from), SLACK_MS],
  );
  return new Set(rows.map(({ from }) => from));
}
