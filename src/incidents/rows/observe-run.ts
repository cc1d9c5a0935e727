import type { PipelineResult } from '../../contracts/run/pipeline-status.ts';
import type { RunConfig } from '../../contracts/run/run-config.ts';
import { textsIn } from '../../contracts/task/task-output.ts';
import { cutText } from '../../contracts/text/cut-text.ts';
import { oneLine } from '../../contracts/text/plain-text.ts';
import { STAGES } from '../../contracts/words.ts';
import { type Queryable, withinTransaction } from '../../storage/database/database.ts';
import { LINE, lineOfRun } from '../../storage/runs/open-runs.ts';
import { ledgerTasks } from '../../storage/runs/run-rows.ts';
import { type DoneTask, observationOf, WHOLE_RUN } from '../rule/end-of-run.ts';
import { observe } from './observe.ts';

/** A run counts as a backfill if an ended run has an `asOf` that is later by more than this. */
const PAST_MS = 3_600_000;

/** Updates the incidents with the end of a run, once per execution. @returns whether an alert was written */
export async function observeRun(
  queryable: Queryable,
  { executionId, result }: { executionId: string; result: PipelineResult },
): Promise<boolean> {
  return await withinTransaction(queryable, async (transaction) => {
    const { rows } = await transaction.query<{ run_id: string; as_of: number | null; line: string; config: RunConfig; past: boolean }>(
      `update runs r set watched_at = now() where execution_id = $1 and watched_at is null
       returning run_id, as_of, ${lineOfRun('r')} as line, config,
         exists (select from runs o where o.as_of > r.as_of + ${PAST_MS} and o.finished_at is not null) as past`,
      [executionId],
    );
    const run = rows[0];
    if (run === undefined) return false;
    const tasks = await ledgerTasks(transaction, { executionId });
    const observation = observationOf({
      runId: run.run_id,
      executionId,
      asOf: run.as_of,
      line: run.line,
      past: run.past,
      sourceTypes: run.config.sourceTypes,
      symbols: run.config.symbols.map(({ symbol }) => symbol),
      hadDeadline: run.config.deadline !== undefined,
      result,
      tasks: tasks.map(
        ({ taskId, symbol, stage, output, startedAt, durationSeconds, degraded }): DoneTask => ({
          taskId,
          symbol,
          stage: STAGES.find((name) => name === stage) ?? null,
          startedAt: startedAt.getTime(),
          finishedAt: startedAt.getTime() + 1000 * durationSeconds,
          degraded,
          venueChanges: textsIn(output, 'venueChanges'),
        }),
      ),
      endedAt: Date.parse(result.finishedAt ?? result.startedAt),
    });
    return await observe(transaction, observation);
  });
}

/**
 * Opens an incident for a scheduled run whose input was refused, because no caller receives the error. It does so once per execution.
 * The incident closes when a run of the same input is accepted.
 * @returns whether an alert was written
 */
export async function observeRefusal(queryable: Queryable, executionId: string): Promise<boolean> {
  return await withinTransaction(queryable, async (transaction) => {
    const { rows } = await transaction.query<{ run_id: string; line: string; reasons: readonly string[]; at: number }>(
      `update refused_runs set told_at = now() where execution_id = $1 and told_at is null
       returning run_id, ${LINE} as line, reasons, (extract(epoch from started_at) * 1000)::float8 as at`,
      [executionId],
    );
    const run = rows[0];
    if (run === undefined) return false;
    const subject = { what: WHOLE_RUN, subject: run.line, isSymbol: false, at: run.at };
    const cause = cutText(oneLine(run.reasons.join('; ')), 300);
    return await observe(transaction, {
      at: run.at,
      run: { runId: run.run_id, executionId, asOf: null },
      troubles: [{ fingerprint: JSON.stringify([WHOLE_RUN, 'InvalidPipeline', run.line]), cause, venue: null, subjects: [subject] }],
      looked: [],
    });
  });
}
