import type { Queryable, Transaction } from '../database/database.ts';
import { lockInstruments } from '../markets/instrument-lock.ts';
import { withoutRange } from './coverage.ts';

/** For so long a walk may take from its plan until it is stored, and still hear of what was taken back meanwhile. */
const KEPT_DAYS = 14;

/**
 * Takes back that anything from a moment on was collected, of both kinds of ticks: what is stored, and what walks that were planned
 * before claim later.
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

/** Lets walks that were planned before know that coverage was taken back. The instrument is locked. */
export async function noteWithdrawal(transaction: Transaction, instrumentKey: number, from: number): Promise<void> {
  await transaction.query(
    `insert into coverage_withdrawals (instrument, number, withdrawn_from)
     select $1, coalesce(max(number), 0) + 1, $2 from coverage_withdrawals where instrument = $1`,
    [instrumentKey, Math.floor(from)],
  );
  // the newest stays: numbers go on from it
  await transaction.query(
    `delete from coverage_withdrawals w where instrument = $1 and at < now() - interval '${KEPT_DAYS} days'
       and number < (select max(number) from coverage_withdrawals where instrument = $1)`,
    [instrumentKey],
  );
}

/** How often coverage was taken back so far, by key of a symbol's instruments; those of which it never was are absent. */
export async function withdrawalsOf(queryable: Queryable, symbol: string): Promise<ReadonlyMap<number, number>> {
  const { rows } = await queryable.query<{ instrument: number; number: number }>(
    `select w.instrument, max(w.number) as number from coverage_withdrawals w join symbol_instruments s on s.instrument = w.instrument
     where s.symbol = $1 group by w.instrument`,
    [symbol],
  );
  return new Map(rows.map(({ instrument, number }) => [instrument, number]));
}

/** From when on a batch may claim nothing, since it was taken back after its walk was planned; null where nothing was. */
export async function withdrawnSincePlan(transaction: Transaction, batch: number): Promise<number | null> {
  const { rows } = await transaction.query<{ from: number | null }>(
    `select min(w.withdrawn_from) as "from" from staging_batches b
     join coverage_withdrawals w on w.instrument = b.instrument and w.number > b.withdrawals where b.id = $1`,
    [batch],
  );
  return rows[0].from;
}
