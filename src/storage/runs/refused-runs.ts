import type { Queryable } from '../database/database.ts';
import { jsonb } from '../database/jsonb.ts';

/** A run that failed as `InvalidPipeline`. */
interface RefusedRun {
  readonly runId: string;
  readonly executionId: string;
  /** The user's input. */
  readonly input: unknown;
  readonly reasons: readonly string[];
  /** UTC epoch milliseconds. */
  readonly startedAt: number;
}

/** Records that a run's input was refused; again with the same execution it changes nothing. */
export async function recordRefusal(queryable: Queryable, run: RefusedRun): Promise<void> {
  await queryable.query(
    `insert into refused_runs (execution_id, run_id, input, reasons, started_at) values ($1, $2, $3, $4, to_timestamp($5::float8 / 1000))
     on conflict (execution_id) do nothing`,
    [run.executionId, run.runId, jsonb(run.input ?? {}), jsonb(run.reasons), run.startedAt],
  );
}
