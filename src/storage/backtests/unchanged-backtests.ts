import type { Json } from '../../contracts/run/pipeline-input.ts';
import type { Queryable, Transaction } from '../database/database.ts';

/** A backtest of an earlier run whose inputs have not changed since. */
export interface UnchangedBacktest {
  readonly id: number;
  readonly basis: string;
  readonly strategy: string;
  readonly params: Readonly<Record<string, Json>>;
  readonly metrics: Readonly<Record<string, Json>>;
  /** Bars that were left out of the curves for want of room. */
  readonly leftOut: number;
}

/** The backtests of a symbol's newest other execution that rest on one of these bases (see `passport.basis`), by basis. */
export async function unchangedBacktests(
  queryable: Queryable,
  { symbol, executionId, bases }: { symbol: string; executionId: string; bases: readonly string[] },
): Promise<ReadonlyMap<string, readonly UnchangedBacktest[]>> {
  const { rows } = await queryable.query<UnchangedBacktest>(
    `select id, passport->>'basis' as basis, strategy, params, metrics, coalesce((passport->>'leftOut')::int, 0) as "leftOut" from backtests
     where symbol = $1 and passport->>'basis' = any($3) and execution_id = (
       select execution_id from backtests where symbol = $1 and execution_id <> $2 order by id desc limit 1)
     order by id`,
    [symbol, executionId, bases],
  );
  const groups = new Map<string, UnchangedBacktest[]>();
  for (const row of rows) groups.set(row.basis, [...(groups.get(row.basis) ?? []), row]);
  return groups;
}

/** Records earlier backtests as those of this run, too. Calibration covers the whole symbol, so the run computes it again. */
export async function takeOverBacktests(
  transaction: Transaction,
  run: { readonly runId: string; readonly executionId: string },
  ids: readonly number[],
): Promise<void> {
  await transaction.query(
    `insert into backtests (run_id, execution_id, symbol, instrument, price_type, interval_minutes, strategy, params, params_hash,
       metrics, trades, equity, passport)
     select $1, $2, symbol, instrument, price_type, interval_minutes, strategy, params, params_hash,
       metrics - 'calibration', trades, equity, passport from backtests where id = any($3) order by id
     on conflict (execution_id, symbol, instrument, price_type, interval_minutes, strategy, params_hash)
     do update set metrics = excluded.metrics, trades = excluded.trades, equity = excluded.equity, passport = excluded.passport`,
    [run.runId, run.executionId, ids],
  );
}
