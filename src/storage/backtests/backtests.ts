import { groupedBy } from '../../contracts/grouped-by.ts';
import type { Json } from '../../contracts/run/pipeline-input.ts';
import type { Interval, TickKind } from '../../contracts/words.ts';
import { intervalMinutes, intervalOf, jsonb, kindCode, type SeriesCodes, withSeries } from '../database/codes.ts';
import type { Queryable, Transaction } from '../database/database.ts';

/** Identifies the series of candles on which a backtest or walk-forward traded. */
export interface OfSeries {
  readonly symbol: string;
  readonly instrumentKey: number;
  readonly priceType: TickKind;
  readonly interval: Interval;
}

/** One backtest of one instrument and its inputs. */
export interface BacktestRecord extends OfSeries {
  readonly strategy: string;
  readonly params: Readonly<Record<string, Json>>;
  /** Metrics of the result. For each metric that is null, the field `undefined` has the reason: `{ sharpe: "…" }`. */
  readonly metrics: Readonly<Record<string, Json>>;
  readonly trades: Json;
  readonly equity: Json;
  /** Hashes and facts of the inputs, such as the candles (count, first, last, revision), the fees and the versions. */
  readonly passport: Readonly<Record<string, Json>>;
}

/** A stored backtest with the names of its source and instrument, as `predictlab export` writes them. */
export interface StoredBacktest extends BacktestRecord {
  readonly runId: string;
  readonly executionId: string;
  readonly source: string;
  readonly instrument: string;
}

const COLUMNS = 'symbol, instrument, price_type, interval_minutes, strategy, params, params_hash, metrics, trades, equity, passport';
/** SQL that replaces the backtest with the same key. */
const REPLACE = `on conflict (execution_id, symbol, instrument, price_type, interval_minutes, strategy, params_hash)
  do update set metrics = excluded.metrics, trades = excluded.trades, equity = excluded.equity, passport = excluded.passport`;

/** Records the backtests of a run's symbol; backtests with the same key are replaced. */
export async function saveBacktests(
  transaction: Transaction,
  run: { readonly runId: string; readonly executionId: string },
  records: readonly BacktestRecord[],
): Promise<void> {
  for (const record of records) {
    const params = jsonb(record.params);
    await transaction.query(
      `insert into backtests (run_id, execution_id, ${COLUMNS})
       values ($1, $2, $3, $4, $5, $6, $7, $8::jsonb, md5($8::jsonb::text)::uuid, $9, $10, $11, $12) ${REPLACE}`,
      [
        run.runId,
        run.executionId,
        record.symbol,
        record.instrumentKey,
        kindCode(record.priceType),
        intervalMinutes(record.interval),
        record.strategy,
        params,
        jsonb(record.metrics),
        jsonb(record.trades),
        jsonb(record.equity),
        jsonb(record.passport),
      ],
    );
  }
}

/** Adds the calibration of a symbol's resolved markets to the metrics of the run's backtests in one interval. */
export async function saveCalibration(
  transaction: Transaction,
  table: { readonly executionId: string; readonly symbol: string; readonly interval: Interval; readonly bins: Json },
): Promise<void> {
  await transaction.query(
    `update backtests set metrics = metrics || jsonb_build_object('calibration', $4::jsonb)
     where execution_id = $1 and symbol = $2 and interval_minutes = $3`,
    [table.executionId, table.symbol, intervalMinutes(table.interval), jsonb(table.bins)],
  );
}

interface BacktestFilter {
  readonly symbol?: string;
  readonly instrumentKey?: number;
  /** The run to read. @default each symbol's newest run that has backtests */
  readonly executionId?: string;
}

/** Stored backtests, sorted by symbol, instrument, interval, strategy and order of saving. */
export async function readBacktests(queryable: Queryable, filter: BacktestFilter = {}): Promise<readonly StoredBacktest[]> {
  const { rows } = await queryable.query<Omit<StoredBacktest, 'priceType' | 'interval'> & SeriesCodes>(
    `select b.run_id as "runId", b.execution_id as "executionId", b.symbol, i.source, i.id as instrument, b.instrument as "instrumentKey",
       b.price_type as kind, b.interval_minutes as minutes, b.strategy, b.params, b.metrics, b.trades, b.equity, b.passport
     from backtests b join instruments i on i.key = b.instrument
     where ($1::text is null or b.symbol = $1) and ($2::int is null or b.instrument = $2)
       and b.execution_id = coalesce($3, (select n.execution_id from backtests n where n.symbol = b.symbol order by n.id desc limit 1))
     order by b.symbol collate "C", i.id collate "C", b.interval_minutes, b.strategy, b.id`,
    [filter.symbol ?? null, filter.instrumentKey ?? null, filter.executionId ?? null],
  );
  return rows.map(withSeries);
}

/** SQL for the Sharpe ratio by which a backtest is ranked; null if it has none or a weak one. @param column column with the metrics */
export const rankedSharpeSql = (column: string): string =>
  `(case when ${column}->'weak' ? 'sharpe' then null else (${column}->>'sharpe')::float8 end)`;

/** A backtest of an earlier run whose inputs have not changed since. */
interface UnchangedBacktest {
  readonly id: number;
  readonly basis: string;
  readonly strategy: string;
  readonly params: Readonly<Record<string, Json>>;
  readonly metrics: Readonly<Record<string, Json>>;
  /** Number of the oldest bars that were left out because the trials on the series did not fit into memory. */
  readonly leftOut: number;
}

/** SQL condition for results that a later run may reuse: provable ones and failures. Any other result may differ in the next run. */
export const mayBeTakenOver = (column: string): string => `coalesce((${column}->>'provable')::boolean, true)`;

/** Reusable backtests of a symbol's newest other execution that have one of these bases (see `passport.basis`), by basis. */
export async function unchangedBacktests(
  queryable: Queryable,
  { symbol, executionId, bases }: { symbol: string; executionId: string; bases: readonly string[] },
): Promise<ReadonlyMap<string, readonly UnchangedBacktest[]>> {
  const { rows } = await queryable.query<UnchangedBacktest>(
    `select id, passport->>'basis' as basis, strategy, params, metrics, coalesce((passport->>'leftOut')::int, 0) as "leftOut" from backtests
     where symbol = $1 and passport->>'basis' = any($3) and ${mayBeTakenOver('metrics')} and execution_id = (
       select execution_id from backtests where symbol = $1 and execution_id <> $2 order by id desc limit 1)
     order by id`,
    [symbol, executionId, bases],
  );
  return groupedBy(rows, ({ basis }) => basis);
}

/** Copies earlier backtests to this run. Calibration covers the whole symbol, so the run computes it again. */
export async function takeOverBacktests(
  transaction: Transaction,
  run: { readonly runId: string; readonly executionId: string },
  ids: readonly number[],
): Promise<void> {
  await transaction.query(
    `insert into backtests (run_id, execution_id, ${COLUMNS})
     select $1, $2, ${COLUMNS.replace('metrics', "metrics - 'calibration'")} from backtests where id = any($3) order by id ${REPLACE}`,
    [run.runId, run.executionId, ids],
  );
}

/** A trial of a strategy without its trades, its equity curve and its calibration data. */
export interface StoredTrial {
  readonly id: number;
  readonly runId: string;
  readonly symbol: string;
  readonly instrumentKey: number;
  readonly instrument: string;
  readonly title: string;
  readonly interval: Interval;
  readonly strategy: string;
  readonly params: Readonly<Record<string, Json>>;
  readonly metrics: Readonly<Record<string, Json>>;
  readonly passport: Readonly<Record<string, Json>>;
  /** Number of trials of the strategy on the series in that run. */
  readonly trials: number;
}

/** SQL sort order of the trials on a series: the best one first, then those that never traded, then the failed ones. */
const BEST_FIRST = `b.metrics ? 'failed', ${rankedSharpeSql('b.metrics')} desc nulls last, coalesce((b.metrics->>'trades')::float8, 0) = 0,
  (b.metrics->>'totalReturn')::float8 - (b.metrics->'benchmark'->'buyAndHold'->>'totalReturn')::float8 desc nulls last, b.id`;

/** SQL condition: backtests `b` and `o` have the same strategy and series. */
const SAME_SERIES = `b.symbol = o.symbol and b.instrument = o.instrument and b.price_type = o.price_type
  and b.interval_minutes = o.interval_minutes and b.strategy = o.strategy`;

const TRIAL = `b.id, b.run_id as "runId", b.symbol, b.instrument as "instrumentKey", i.id as instrument, i.facts->>'title' as title, b.interval_minutes as minutes,
  b.strategy, b.params, b.metrics - 'forecasts' - 'calibration' as metrics, b.passport`;

type TrialRow = Omit<StoredTrial, 'interval'> & { readonly minutes: number };

const trialOf = ({ minutes, ...row }: TrialRow): StoredTrial => ({ ...row, interval: intervalOf(minutes) });

/** Best trial per strategy and symbol, from the symbol's run with backtests and the latest `asOf`; for at most `symbols` symbols. */
export async function bestTrials(queryable: Queryable, { symbols }: { symbols: number }): Promise<readonly StoredTrial[]> {
  const { rows } = await queryable.query<TrialRow>(
    `with newest as (
       select distinct on (e.symbol, e.strategy) e.symbol, e.strategy, e.execution_id
       from (select distinct symbol, strategy, execution_id from backtests) e
       join runs r on r.execution_id = e.execution_id order by e.symbol, e.strategy, r.as_of desc nulls last, r.started_at desc)
     select distinct on (b.symbol, b.strategy) ${TRIAL}, count(*) over (partition by b.symbol, b.strategy, b.instrument, b.interval_minutes)::int as trials
     from newest n join backtests b on b.symbol = n.symbol and b.strategy = n.strategy and b.execution_id = n.execution_id join instruments i on i.key = b.instrument
     where n.symbol in (select symbol from newest group by symbol order by symbol limit $1) order by b.symbol, b.strategy, ${BEST_FIRST}`,
    [symbols],
  );
  return rows.map(trialOf);
}

/** All trials with the same strategy, series and run as one trial, best first. */
export async function trialsBeside(queryable: Queryable, id: number, limit: number): Promise<readonly StoredTrial[]> {
  const { rows } = await queryable.query<TrialRow>(
    `select ${TRIAL}, count(*) over ()::int as trials from backtests o
     join backtests b on b.execution_id = o.execution_id and ${SAME_SERIES}
     join instruments i on i.key = b.instrument where o.id = $1 order by ${BEST_FIRST} limit $2`,
    [id, limit],
  );
  return rows.map(trialOf);
}

/** Runs that have trials with the same strategy and series as one trial, newest first, each with its best trial and number of trials. */
export async function runsOfSeries(
  queryable: Queryable,
  id: number,
  limit: number,
): Promise<readonly { readonly id: number; readonly runId: string; readonly trials: number }[]> {
  const { rows } = await queryable.query<{ id: number; runId: string; trials: number }>(
    `select id, "runId", trials from (
       select distinct on (b.execution_id) b.id, b.run_id as "runId", r.started_at, count(*) over (partition by b.execution_id)::int as trials
       from backtests o join backtests b on ${SAME_SERIES}
       join runs r on r.execution_id = b.execution_id where o.id = $1 order by b.execution_id, ${BEST_FIRST}) x
     order by started_at desc limit $2`,
    [id, limit],
  );
  return rows;
}

/** The trials with these ids, including their trades and equity curves. */
export async function wholeTrials(
  queryable: Queryable,
  ids: readonly number[],
): Promise<ReadonlyMap<number, StoredTrial & { readonly trades: Json; readonly equity: Json }>> {
  const { rows } = await queryable.query<TrialRow & { trades: Json; equity: Json }>(
    `select ${TRIAL}, 1 as trials, b.trades, b.equity from backtests b join instruments i on i.key = b.instrument where b.id = any($1)`,
    [ids],
  );
  return new Map(rows.map((row) => [row.id, { ...trialOf(row), trades: row.trades, equity: row.equity }]));
}

/** Trials of other runs with the same series, strategy and parameters as one trial, newest first. */
export async function sameTrialInOtherRuns(
  queryable: Queryable,
  id: number,
  limit: number,
): Promise<readonly { readonly id: number; readonly runId: string }[]> {
  const { rows } = await queryable.query<{ id: number; runId: string }>(
    `select b.id, b.run_id as "runId" from backtests o
     join backtests b on ${SAME_SERIES} and b.params_hash = o.params_hash and b.execution_id <> o.execution_id
     where o.id = $1 order by b.id desc limit $2`,
    [id, limit],
  );
  return rows;
}
