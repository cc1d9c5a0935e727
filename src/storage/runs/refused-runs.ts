import type { Queryable } from '../database/database.ts';
import { jsonb } from '../database/jsonb.ts';

/** A run that failed as `InvalidPipeline`. */
export interface RefusedRun {
  readonly runId: string;
  readonly executionId: string;
  /** What the user gave. */
  readonly input: unknown;
  readonly reasons: readonly string[];
  /** UTC epoch milliseconds. */
  readonly startedAt: number;
}

/**
 * Records that a run's input was refused; again with the same execution it changes nothing.
 *
 * @returns whether that has been told already, by an earlier attempt of the same check
 */
export async function recordRefusal(queryable: Queryable, run: RefusedRun): Promise<{ told: boolean }> {
  await queryable.query(
    `insert into refused_runs (execution_id, run_id, input, reasons, started_at) values ($1, $2, $3, $4, to_timestamp($5::float8 / 1000))
     on conflict (execution_id) do nothing`,
    [run.executionId, run.runId, jsonb(run.input ?? {}), jsonb(run.reasons), run.startedAt],
  );
  const { rows } = await queryable.query<{ told: boolean }>(
    'select told_at is not null as told from refused_runs where execution_id = $1',
    [run.executionId],
  );
  return { told: rows[0].told };
}

/** From now on the refusal counts as told. */
export async function refusalTold(queryable: Queryable, executionId: string): Promise<void> {
  await queryable.query('update refused_runs set told_at = now() where execution_id = $1', [executionId]);
}
