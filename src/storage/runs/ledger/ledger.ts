import { badInput, type PastError } from '../../../contracts/errors.ts';
import { groupedBy } from '../../../contracts/grouped-by.ts';
import type { TimeRange } from '../../../contracts/market-data.ts';
import type { PastAttempt, StageEffect } from '../../../contracts/task/stage-report.ts';
import { DAY_MS, STAGES, type Stage, stageTaskId } from '../../../contracts/words.ts';
import { jsonb } from '../../database/codes.ts';
import type { Database, PreparedStatement, Queryable, Transaction } from '../../database/database.ts';

export { discardUnstored, effectsOf, reusableEffects } from './ledger-takeover.ts';

interface StoredEffect extends StageEffect {
  readonly attempts: number;
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly durationSeconds: number;
}

export interface EffectKey {
  readonly runId: string;
  /** The run's first Temporal execution; with `taskId` the key of the ledger. */
  readonly executionId: string;
  readonly taskId: string;
  readonly symbol?: string;
  readonly stage?: Stage;
  /** UTC epoch milliseconds. */
  readonly startedAt: number;
  readonly attempts: number;
  /** The error of the last failed attempt before this one. */
  readonly lastError?: PastError;
}

/** SQL that converts the time in a column to UTC epoch milliseconds. */
const epoch = (column: string): string => `floor(extract(epoch from ${column}) * 1000)::float8`;

const IDENTITY = 'execution_id, task_id, run_id, symbol, stage, attempts, started_at, last_error';

const CLAIM: PreparedStatement = {
  name: 'ledger-claim',
  text: `insert into ledger (${IDENTITY}) values ($1, $2, $3, $4, $5, $6, to_timestamp($7::float8 / 1000), $8) on conflict do nothing`,
};

const FINISH: PreparedStatement = {
  name: 'ledger-finish',
  text: `update ledger set output = $3, degraded = $4, finished_at = clock_timestamp(),
      duration_seconds = greatest(0, extract(epoch from clock_timestamp() - started_at))
    where execution_id = $1 and task_id = $2`,
};

const RECORDED = `(${IDENTITY}, output, degraded, finished_at, duration_seconds)
  select $1::text, $2::text, $3::text, $4::text, $5::text, $6::int, to_timestamp($7::float8 / 1000), $8::jsonb, $9::jsonb, $10::jsonb, clock_timestamp(),
    greatest(0, extract(epoch from clock_timestamp()) - $7::float8 / 1000)`;
const RECORD: PreparedStatement = { name: 'ledger-record', text: `insert into ledger ${RECORDED} on conflict do nothing` };
/** Records an effect without waiting for the disk. The setting applies to this transaction only, which ends with the statement. */
export const RECORD_WITHOUT_SYNC: PreparedStatement = {
  name: 'ledger-record-soon',
  text: `with soon as materialized (select set_config('synchronous_commit', 'off', true))
    insert into ledger ${RECORDED} from soon on conflict do nothing`,
};

/** The recorded effect of a task, if it has taken effect. */
export async function findEffect(queryable: Queryable, key: { executionId: string; taskId: string }): Promise<StoredEffect | undefined> {
  const { rows } = await queryable.query<Omit<StoredEffect, 'degraded'> & { degraded: readonly string[] | null }>(
    `select output, degraded, attempts, ${epoch('started_at')} as "startedAt", ${epoch('finished_at')} as "finishedAt", duration_seconds as "durationSeconds"
     from ledger where execution_id = $1 and task_id = $2`,
    [key.executionId, key.taskId],
  );
  if (rows.length === 0) return undefined;
  const [{ degraded, ...effect }] = rows;
  return degraded === null ? effect : { ...effect, degraded };
}

/**
 * Runs `write` and records its effect in the same transaction, so that rows and ledger cannot disagree. If the task has already taken
 * effect, `write` does not run and the first effect is returned.
 *
 * The ledger row goes in first: a second worker with the task waits there until the first commits (and finds the effect) or rolls back (and
 * does the work itself).
 */
export async function commitEffect(
  database: Database,
  key: EffectKey,
  write: (transaction: Transaction) => Promise<StageEffect>,
): Promise<StageEffect> {
  for (let waits = 0; ; waits++) {
    let claimed = false;
    try {
      return await database.transaction(async (transaction) => {
        if (!(await claim(transaction, key))) return await firstEffect(transaction, key);
        claimed = true;
        const effect = await write(transaction);
        await transaction.query(FINISH, [key.executionId, key.taskId, ...valuesOf(effect)]);
        return effect;
      });
    } catch (error) {
      // Another worker has the task and may need minutes for it, longer than the lock timeout; so this one tries again.
      if (claimed || waits >= MAX_WAITS || !isLockTimeout(error)) throw error;
    }
  }
}

/** Maximum number of waits for another worker that has the task: each lasts as long as the lock timeout, half an hour in all. */
const MAX_WAITS = 60;

const isLockTimeout = (error: unknown): boolean =>
  error instanceof Error &&
  typeof error.cause === 'object' &&
  error.cause !== null &&
  'code' in error.cause &&
  error.cause.code === '55P03';

/** Claims the task for this transaction; waits while another worker holds it. @returns false when it has already taken effect */
async function claim(transaction: Transaction, key: EffectKey): Promise<boolean> {
  const { rowCount } = await transaction.query(CLAIM, identityOf(key));
  return rowCount === 1;
}

/** Values of the columns that a ledger row has from the start, in the order in which both insert statements list them. */
const identityOf = ({ executionId, taskId, runId, symbol, stage, attempts, startedAt, lastError }: EffectKey): readonly unknown[] => [
  executionId,
  taskId,
  runId,
  symbol ?? null,
  stage ?? null,
  attempts,
  startedAt,
  lastError === undefined ? null : jsonb(lastError),
];

const valuesOf = ({ output, degraded }: StageEffect): readonly unknown[] => [
  jsonb(output),
  degraded === undefined ? null : jsonb(degraded),
];

/** Records the effect of a task that wrote no rows to this database, in one statement. @returns the first effect, if there was one already */
export async function recordEffect(queryable: Queryable, key: EffectKey, effect: StageEffect, record = RECORD): Promise<StageEffect> {
  const { rowCount } = await queryable.query(record, [...identityOf(key), ...valuesOf(effect)]);
  return rowCount === 1 ? effect : await firstEffect(queryable, key);
}

/**
 * Checks that the previous stage has its row in the ledger: a database that failed over to a lagging replica may have lost the commit, and
 * the stage would continue from nothing.
 * @throws PredictLabError `BadInput`, which is not retried, when the row is missing: waiting does not bring it back
 */
export async function requireStageBefore(
  transaction: Transaction,
  { executionId, symbol, stage }: { readonly executionId: string; readonly symbol: string; readonly stage: Stage },
): Promise<void> {
  const before = STAGES[STAGES.indexOf(stage) - 1];
  if (before === undefined) return;
  const taskId = stageTaskId(symbol, before);
  if ((await findEffect(transaction, { executionId, taskId })) !== undefined) return;
  throw badInput(
    `the database no longer has what ${taskId} stored, as after a failover to a replica that lagged behind; \`predictlab retry\` of this run does it again`,
  );
}

async function firstEffect(queryable: Queryable, key: EffectKey): Promise<StageEffect> {
  const known = await findEffect(queryable, key);
  if (known === undefined) throw new Error(`the ledger lost ${key.taskId} of ${key.executionId}`);
  return { output: known.output, ...(known.degraded === undefined ? {} : { degraded: known.degraded }) };
}

/** Mean seconds of each stage (`kline`) and each task (`BTC_PRICE/kline`) in recent runs; critical paths and rehearsals use them. */
export async function meanDurations(queryable: Queryable): Promise<Record<string, number>> {
  const { rows } = await queryable.query<{ name: string; seconds: number }>(
    `with recent as (select task_id, stage, duration_seconds from ledger where finished_at is not null order by finished_at desc limit 5000)
     select task_id as name, avg(duration_seconds) as seconds from recent group by task_id
     union all select stage, avg(duration_seconds) from recent where stage = any($1) group by stage`,
    [STAGES],
  );
  return Object.fromEntries(rows.map(({ name, seconds }) => [name, seconds]));
}

/** Selects the tasks among `taskIds` with at least `executions` in the last `rows` of the ledger, 95% of them within `p95Seconds`. */
export async function quickTasks(
  queryable: Queryable,
  taskIds: readonly string[],
  { executions, p95Seconds, rows: limit }: { readonly executions: number; readonly p95Seconds: number; readonly rows: number },
): Promise<ReadonlySet<string>> {
  const { rows } = await queryable.query<{ taskId: string }>(
    `with recent as (select task_id, stage, duration_seconds from ledger where finished_at is not null order by finished_at desc limit $4)
     select task_id as "taskId" from recent where stage is null and task_id = any($1) group by task_id
     having count(*) >= $2 and percentile_disc(0.95) within group (order by duration_seconds) < $3`,
    [taskIds, executions, p95Seconds, limit],
  );
  return new Set(rows.map(({ taskId }) => taskId));
}

/**
 * For each interval, whether it lies in the window of a `success` run of all these symbols, so that no further run is needed.
 * A window ends where coverage was withdrawn later.
 */
export async function successfulIntervals(
  queryable: Queryable,
  { symbols, intervals }: { readonly symbols: readonly string[]; readonly intervals: readonly TimeRange[] },
): Promise<readonly boolean[]> {
  const { rows } = await queryable.query<TimeRange>(
    `select (as_of - (config->>'daysBack')::float8 * ${DAY_MS})::float8 as "from", least(as_of, (
       select min(w.withdrawn_from) from coverage_withdrawals w join symbol_instruments s on s.instrument = w.instrument
       where s.symbol = any($2) and w.at > r.finished_at))::float8 as "to"
     from runs r where result = 'success' and as_of is not null and config->'symbols' @> $1::jsonb`,
    [jsonb(symbols.map((symbol) => ({ symbol }))), symbols],
  );
  return intervals.map((interval) => isInside(interval, rows));
}

/** Whether one of the windows contains the whole interval. Two adjacent windows that only together contain it do not count. */
export const isInside = ({ from, to }: TimeRange, windows: readonly TimeRange[]): boolean =>
  windows.some((window) => window.from <= from && to <= window.to);

/** Maximum number of attempts of one task that are kept. */
const MAX_KEPT = 200;
/** Maximum number of attempts of one task that are read; these are the last ones. */
const MAX_READ = 20;
/** Maximum number of attempts that are read over all tasks of a run. */
const MAX_ROWS = 5_000;

/** Records a failed attempt. A second call for the same attempt, or an attempt beyond the limit, changes nothing. */
export async function recordAttempt(
  queryable: Queryable,
  task: { executionId: string; taskId: string },
  { attempt, from, to, next, error, lostWith }: PastAttempt,
): Promise<void> {
  if (attempt > MAX_KEPT) return;
  await queryable.query(
    `insert into task_attempts (execution_id, task_id, attempt, started_at, ended_at, next_at, error_type, lost_with)
     values ($1, $2, $3, to_timestamp($4::float8 / 1000), to_timestamp($5::float8 / 1000), to_timestamp($6::float8 / 1000), $7, $8) on conflict do nothing`,
    [task.executionId, task.taskId, attempt, from, to, next, error, lostWith === null ? '' : lostWith],
  );
}

/** The recorded failure of a task's first attempt, if there is one. `next` is null if no other attempt was to follow. */
export async function failedFirstAttempt(
  queryable: Queryable,
  task: { executionId: string; taskId: string },
): Promise<Pick<PastAttempt, 'next' | 'error'> | undefined> {
  const { rows } = await queryable.query<Pick<PastAttempt, 'next' | 'error'>>(
    `select ${epoch('next_at')} as next, error_type as error from task_attempts where execution_id = $1 and task_id = $2 and attempt = 1`,
    [task.executionId, task.taskId],
  );
  return rows[0];
}

/** The last failed attempts of each task of an execution, oldest first; by task id. */
export async function pastAttempts(queryable: Queryable, executionId: string): Promise<Readonly<Record<string, readonly PastAttempt[]>>> {
  const { rows } = await queryable.query<Omit<PastAttempt, 'lostWith'> & { task: string; lost: string | null }>(
    `select task_id as task, attempt, ${epoch('started_at')} as "from", ${epoch('ended_at')} as "to", ${epoch('next_at')} as next, error_type as error,
       lost_with as lost
     from (select *, row_number() over (partition by task_id order by attempt desc) as back from task_attempts where execution_id = $1 and attempt > 0) a
     where back <= ${MAX_READ} order by task_id, attempt limit ${MAX_ROWS}`,
    [executionId],
  );
  const attempts = rows.map(({ lost, ...attempt }) => (lost === null ? attempt : { ...attempt, lostWith: lost || null }));
  const byTask = groupedBy(attempts, ({ task }) => task);
  return Object.fromEntries([...byTask].map(([name, found]) => [name, found.map(({ task: _task, ...attempt }) => attempt)]));
}
