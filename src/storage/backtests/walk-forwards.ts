import type { Json } from '../../contracts/run/pipeline-input.ts';
import type { Interval, SourceType } from '../../contracts/words.ts';
import { intervalMinutes, intervalOf, jsonb, kindCode } from '../database/codes.ts';
import type { Queryable, Transaction } from '../database/database.ts';
import { mayBeTakenOver, type OfSeries } from './backtests.ts';

export interface WalkForwardRecord extends OfSeries {
  /** Identifies everything that the result depends on: equal bases give equal results. */
  readonly basis: string;
  readonly result: Readonly<Record<string, Json>>;
  readonly curves: Json;
}

const COLUMNS = 'symbol, instrument, price_type, interval_minutes, basis, result, curves';
/** SQL that replaces the walk-forward with the same key. */
const REPLACE = `on conflict (execution_id, symbol, instrument, price_type, interval_minutes)
  do update set basis = excluded.basis, result = excluded.result, curves = excluded.curves`;

/** Records the walk-forward of a run's series; one with the same key is replaced. */
export async function saveWalkForward(
  transaction: Transaction,
  run: { readonly runId: string; readonly executionId: string },
  record: WalkForwardRecord,
): Promise<void> {
  await transaction.query(
    `insert into walk_forwards (run_id, execution_id, ${COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9) ${REPLACE}`,
    [
      run.runId,
      run.executionId,
      record.symbol,
      record.instrumentKey,
      kindCode(record.priceType),
      intervalMinutes(record.interval),
      record.basis,
      jsonb(record.result),
      jsonb(record.curves),
    ],
  );
}

/** Copies to this run the walk-forwards of the symbol's newest other execution that have one of these bases; returns them by basis. */
export async function takeOverWalkForwards(
  transaction: Transaction,
  { runId, executionId, symbol }: { readonly runId: string; readonly executionId: string; readonly symbol: string },
  bases: readonly string[],
): Promise<ReadonlyMap<string, WalkForwardRecord['result']>> {
  const { rows } = await transaction.query<Pick<WalkForwardRecord, 'basis' | 'result'>>(
    `insert into walk_forwards (run_id, execution_id, ${COLUMNS}) select $1, $2, ${COLUMNS} from walk_forwards
     where symbol = $3 and basis = any($4) and ${mayBeTakenOver('result')} and execution_id = (
       select execution_id from walk_forwards where symbol = $3 and execution_id <> $2 order by id desc limit 1)
     order by id ${REPLACE} returning basis, result`,
    [runId, executionId, symbol, bases],
  );
  return new Map(rows.map(({ basis, result }) => [basis, result]));
}

/** A stored walk-forward without its curves, with the names of its source and instrument. */
export interface WalkForwardHead {
  readonly id: number;
  readonly symbol: string;
  readonly source: SourceType;
  readonly instrument: string;
  readonly instrumentKey: number;
  readonly interval: Interval;
  readonly result: Readonly<Record<string, Json>>;
}

/**
 * Stored walk-forwards by symbol, instrument and interval.
 * @param filter.executionIds reads the first of these executions that has walk-forwards. @default each symbol's newest run that has any
 */
export async function readWalkForwards(
  queryable: Queryable,
  filter: { readonly symbol?: string; readonly executionIds?: readonly string[] },
): Promise<readonly WalkForwardHead[]> {
  const { rows } = await queryable.query<Omit<WalkForwardHead, 'interval'> & { interval_minutes: number }>(
    `select w.id, w.symbol, i.source, i.id as instrument, w.instrument as "instrumentKey", w.interval_minutes, w.result
     from walk_forwards w join instruments i on i.key = w.instrument
     where ($1::text is null or w.symbol = $1) and w.execution_id = case when $2::text[] is null
       then (select n.execution_id from walk_forwards n where n.symbol = w.symbol order by n.id desc limit 1)
       else (select e.id from unnest($2) with ordinality as e(id, n)
         where exists (select from walk_forwards o where o.symbol = w.symbol and o.execution_id = e.id) order by e.n limit 1) end
     order by w.symbol collate "C", i.id collate "C", w.interval_minutes, w.price_type`,
    [filter.symbol ?? null, filter.executionIds ?? null],
  );
  return rows.map(({ interval_minutes, ...row }) => ({ ...row, interval: intervalOf(interval_minutes) }));
}

/** The curves of a walk-forward; undefined if it has been deleted. */
export async function walkForwardCurves(queryable: Queryable, id: number): Promise<Json | undefined> {
  const { rows } = await queryable.query<{ curves: Json }>('select curves from walk_forwards where id = $1', [id]);
  return rows[0]?.curves;
}
