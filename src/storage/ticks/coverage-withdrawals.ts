import type { Queryable, Transaction } from '../database/database.ts';
import { lockInstruments } from '../markets/instrument-lock.ts';
import { withoutRange } from './coverage.ts';

/** Days for which withdrawals are kept: the longest time from the plan of a walk until it is stored. */
const KEPT_DAYS = 14;

/**
 * Withdraws the coverage of both kinds of ticks from a moment on: what is stored, and what walks that were planned before will claim.
 *
 * @param from UTC epoch milliseconds
 */
export async function withdrawCoverage(transaction: Transaction, instrumentKey: number, from: number): Promise<void> {
  await lockInstruments(transaction, [instrumentKey]);
  await transaction.query(`update coverage set ${withoutRange('int8multirange(int8range($2, null))')} where instrument = $1`, [
    instrumentKey,
    Math.floor(from),
  ]);
  await noteWithdrawal(transaction, instrumentKey, from);
}

/** Records a withdrawal for walks that were planned before it. The instrument must be locked. */
export async function noteWithdrawal(transaction: Transaction, instrumentKey: number, from: number): Promise<void> {
  await transaction.query(
    `insert into coverage_withdrawals (instrument, number, withdrawn_from)
     select $1, coalesce(max(number), 0) + 1, $2 from coverage_withdrawals where instrument = $1`,
    [instrumentKey, Math.floor(from)],
  );
  // the newest stays, because the numbering continues from it, and the earliest: ticks from there on may lie outside coverage
  await transaction.query(
    `delete from coverage_withdrawals w where instrument = $1 and at < now() - interval '${KEPT_DAYS} days'
       and number < (select max(number) from coverage_withdrawals where instrument = $1)
       and withdrawn_from > (select min(withdrawn_from) from coverage_withdrawals where instrument = $1)`,
    [instrumentKey],
  );
}

/** How many withdrawals of coverage each of a symbol's instruments has had, by key; absent where there were none. */
export async function withdrawalsOf(queryable: Queryable, symbol: string): Promise<ReadonlyMap<number, number>> {
  const { rows } = await queryable.query<{ instrument: number; number: number }>(
    `select w.instrument, max(w.number) as number from coverage_withdrawals w join symbol_instruments s on s.instrument = w.instrument
     where s.symbol = $1 group by w.instrument`,
    [symbol],
  );
  return new Map(rows.map(({ instrument, number }) => [instrument, number]));
}
