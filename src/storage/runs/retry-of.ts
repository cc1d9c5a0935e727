import type { PipelineInput } from '../../contracts/run/pipeline-input.ts';
import type { Queryable } from '../database/database.ts';
import { reusableEffects } from './ledger/ledger-takeover.ts';
import { runOf } from './runs.ts';

/** How to start a closed run again: the same symbols as of the same instant, taking over what succeeded. */
export interface RetryOf {
  readonly runId: string;
  readonly executionId: string;
  readonly input: PipelineInput;
  /** Ids of the tasks that are taken over. */
  readonly reused: readonly string[];
  /** Whether every task succeeded, so that there is nothing to retry. */
  readonly complete: boolean;
}

/** How to retry a run; undefined when the database has no such run because it ended before any task started. */
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
