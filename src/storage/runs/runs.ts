import type { PipelineInput } from '../../contracts/run/pipeline-input.ts';
import type { PipelineResult } from '../../contracts/run/pipeline-status.ts';
import type { PrepareInput, RunConfig, StageSettings } from '../../contracts/run/run-config.ts';
import type { RunResult, TaskStatus } from '../../contracts/words.ts';
import { jsonb } from '../database/codes.ts';
import { type Queryable, type Transaction, withinTransaction } from '../database/database.ts';
import { reusableEffects } from './ledger/ledger-takeover.ts';

/** One line of `predictlab runs`. */
export interface RunSummary {
  readonly runId: string;
  readonly executionId: string;
  /** null while it runs */
  readonly result: RunResult | null;
  readonly startedAt: string;
  readonly finishedAt: string | null;
  readonly durationSeconds: number | null;
  readonly totalTasks: number | null;
  readonly statusBreakdown: Readonly<Record<TaskStatus, number>> | null;
}

export interface StoredRun extends RunSummary {
  readonly input: unknown;
  readonly config: RunConfig;
  /** null while it runs */
  readonly status: PipelineResult | null;
  /** The execution whose successful tasks this run took over; null unless it is a `retry`. */
  readonly retryOf: string | null;
  /** Whether an earlier run had the same id. */
  readonly idUsedBefore: boolean;
}

interface RunStart extends Pick<PrepareInput, 'runId' | 'executionId' | 'input' | 'startedAt' | 'retryOf' | 'scheduleId'> {
  readonly config: RunConfig;
  /** Version of the run's configuration; see `recordConfiguration`. */
  readonly configuration?: number;
}

type RunRow<Run extends RunSummary> = Omit<Run, 'startedAt' | 'finishedAt'> & {
  readonly startedAt: Date;
  readonly finishedAt: Date | null;
};

const SUMMARY = `run_id as "runId", execution_id as "executionId", result, started_at as "startedAt", finished_at as "finishedAt",
  extract(epoch from finished_at - started_at)::float8 as "durationSeconds", (status->>'totalTasks')::int as "totalTasks",
  status->'statusBreakdown' as "statusBreakdown"`;

const dated = <Run extends RunSummary>(row: RunRow<Run>) => ({
  ...row,
  startedAt: row.startedAt.toISOString(),
  finishedAt: row.finishedAt?.toISOString() ?? null,
});

/** Key of the advisory lock for recording starts; arbitrary, but the same in every process. */
const START_LOCK = 7_305_310_021;

/**
 * Records that a run has started; a second call with the same execution changes only its config, which a listing of universes completes.
 * Waits while an exclusive run is being recorded.
 */
export async function recordRunStart(queryable: Queryable, run: RunStart): Promise<void> {
  await withinTransaction(queryable, async (transaction) => {
    await transaction.query('select pg_advisory_xact_lock_shared($1)', [START_LOCK]);
    await insertRun(transaction, run);
  });
}

/** Records an exclusive run's start unless another run is open (of concurrent starts only one succeeds); returns the ids of open runs. */
export async function recordExclusiveStart(queryable: Queryable, run: RunStart): Promise<readonly string[]> {
  return await withinTransaction(queryable, async (transaction) => {
    await transaction.query('select pg_advisory_xact_lock($1)', [START_LOCK]);
    const { rows } = await transaction.query<{ id: string; own: boolean }>(
      'select run_id as id, execution_id = $1 as own from runs where finished_at is null or execution_id = $1 order by started_at',
      [run.executionId],
    );
    // an earlier call may have recorded this run
    const others = rows.some(({ own }) => own) ? [] : rows.map(({ id }) => id);
    if (others.length === 0) await insertRun(transaction, run);
    return others;
  });
}

async function insertRun(transaction: Transaction, run: RunStart): Promise<void> {
  await transaction.query(
    `insert into runs (execution_id, run_id, input, config, retry_of, started_at, as_of, configuration, schedule_id, id_used_before)
     values ($1, $2, $3, $4, $5, to_timestamp($6::float8 / 1000), $7, $8, $9, exists (select from runs where run_id = $2 and execution_id <> $1))
     on conflict (execution_id) do update set config = excluded.config where runs.config is distinct from excluded.config`,
    [
      run.executionId,
      run.runId,
      jsonb(run.input ?? {}),
      jsonb(run.config),
      run.retryOf ?? null,
      run.startedAt,
      run.config.asOf,
      run.configuration ?? null,
      run.scheduleId ?? null,
    ],
  );
}

/** Records how a run ended. */
export async function endRun(
  queryable: Queryable,
  { executionId, result }: { executionId: string; result: PipelineResult },
): Promise<void> {
  await queryable.query('update runs set result = $2, status = $3, finished_at = coalesce($4, now()) where execution_id = $1', [
    executionId,
    result.result,
    jsonb(result),
    result.finishedAt,
  ]);
}

/** The last runs, newest first. */
export async function listRuns(queryable: Queryable, limit = 20): Promise<readonly RunSummary[]> {
  const { rows } = await queryable.query<RunRow<RunSummary>>(
    `select ${SUMMARY} from runs order by started_at desc, execution_id limit $1`,
    [limit],
  );
  return rows.map(dated);
}

/** A run by its workflow id (the newest of that name) or by its execution's Temporal run id. */
export async function runOf(queryable: Queryable, id: string): Promise<StoredRun | undefined> {
  const { rows } = await queryable.query<RunRow<StoredRun>>(
    `select ${SUMMARY}, input, config, status, retry_of as "retryOf", id_used_before as "idUsedBefore" from runs
     where run_id = $1 or execution_id = $1 order by started_at desc limit 1`,
    [id],
  );
  return rows[0] && dated(rows[0]);
}

/** Whether an execution's end is recorded; cheap enough to poll. */
export async function hasEnded(queryable: Queryable, executionId: string): Promise<boolean> {
  const { rows } = await queryable.query<{ ended: boolean }>('select finished_at is not null as ended from runs where execution_id = $1', [
    executionId,
  ]);
  return rows[0]?.ended ?? false;
}

/** Whether an earlier run had the same id; this run's pages then have a folder of their own. False for a run that is not recorded here. */
export async function idUsedBefore(queryable: Queryable, executionId: string): Promise<boolean> {
  const { rows } = await queryable.query<{ again: boolean }>('select id_used_before as again from runs where execution_id = $1', [
    executionId,
  ]);
  return rows[0]?.again ?? false;
}

/** The newest run that had a symbol. */
export async function newestRunWith(
  queryable: Queryable,
  symbol: string,
): Promise<{ readonly runId: string; readonly executionId: string; readonly config: RunConfig } | undefined> {
  const { rows } = await queryable.query<{ runId: string; executionId: string; config: RunConfig }>(
    `select run_id as "runId", execution_id as "executionId", config from runs
     where config->'symbols' @> $1::jsonb order by started_at desc, execution_id limit 1`,
    [jsonb([{ symbol }])],
  );
  return rows[0];
}

/** The settings of a run's stages; undefined when no such run is recorded here. */
export async function settingsOf(queryable: Queryable, executionId: string): Promise<StageSettings | undefined> {
  const { rows } = await queryable.query<{ config: StageSettings }>(
    "select config - '{symbols,tasks,stages}'::text[] as config from runs where execution_id = $1",
    [executionId],
  );
  return rows[0]?.config;
}

interface RefusedRun extends Pick<PrepareInput, 'runId' | 'executionId' | 'input' | 'startedAt'> {
  readonly reasons: readonly string[];
}

/** Records that a run's input was refused, in place of a start before its listing. A second call with the same execution changes nothing. */
export async function recordRefusal(queryable: Queryable, run: RefusedRun): Promise<void> {
  await queryable.query(
    `with started as (delete from runs where execution_id = $1)
     insert into refused_runs (execution_id, run_id, input, reasons, started_at) values ($1, $2, $3, $4, to_timestamp($5::float8 / 1000))
     on conflict (execution_id) do nothing`,
    [run.executionId, run.runId, jsonb(run.input ?? {}), jsonb(run.reasons), run.startedAt],
  );
}

interface RetryOf {
  readonly runId: string;
  readonly executionId: string;
  readonly input: PipelineInput;
  readonly reused: readonly string[];
  /** Whether every task succeeded, so that there is nothing to retry. */
  readonly complete: boolean;
}

/** What a retry of a run needs; undefined if the database does not have the run, because it ended before any task started. */
export async function retryOf(queryable: Queryable, run: string): Promise<RetryOf | undefined> {
  const stored = await runOf(queryable, run);
  if (stored === undefined) return undefined;
  const { runId, executionId, input, config, totalTasks, result } = stored;
  const reused = await reusableEffects(queryable, executionId);
  return {
    runId,
    executionId,
    input: {
      ...(input as PipelineInput),
      symbols: config.symbols.map(({ symbol }) => symbol),
      asOf: new Date(config.asOf).toISOString(),
    },
    reused,
    complete: result === 'success' && totalTasks !== null && reused.length >= totalTasks,
  };
}
