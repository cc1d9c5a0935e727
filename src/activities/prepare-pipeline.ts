import { ApplicationFailure } from '@temporalio/activity';
import { strategyProblems } from '../backtest/strategies/registry.ts';
import type { Strategy } from '../backtest/strategy.ts';
import { InvalidPipelineError, PredictLabError } from '../contracts/errors.ts';
import { parsePipelineInput } from '../contracts/pipeline-schema.ts';
import type { PreparedRun, PrepareInput } from '../contracts/run-config.ts';
import type { PluginActivity } from '../plugins.ts';
import { catalogueNames } from '../sources/first-catalogue.ts';
import type { Database } from '../storage/database.ts';
import { effectsOf, meanDurations } from '../storage/ledger.ts';
import { beginRun } from '../storage/runs.ts';
import { argumentProblems } from './custom-tasks.ts';

export interface PrepareDependencies {
  readonly database: Database;
  readonly strategies: readonly Strategy[];
  readonly activities: ReadonlyMap<string, PluginActivity>;
}

/**
 * Checks a run's input against the catalogue and what this worker knows, fills in every default, and looks up what is taken
 * over from an earlier run.
 *
 * @throws ApplicationFailure `InvalidPipeline`, non-retryable, every problem listed; its detail is the list
 */
export function createPreparePipeline({
  database,
  strategies,
  activities,
}: PrepareDependencies): (asked: PrepareInput) => Promise<PreparedRun> {
  return async ({ input, runId, executionId, startedAt, defaultAsOf, retryOf }) => {
    const parsed = parsePipelineInput(input ?? {}, {
      symbols: await catalogueNames(database),
      strategies: strategies.map(({ name }) => ({ name, problems: (params) => strategyProblems(name, params, strategies) })),
      activities: [...activities].map(([name, activity]) => ({ name, problems: (args) => argumentProblems(activity, args) })),
      now: defaultAsOf,
      clock: Date.now(),
    });
    if ('problems' in parsed) throw invalid(new InvalidPipelineError(parsed.problems));
    const { config } = parsed;
    // Only this order looks at them, and they are read over thousands of ledger rows.
    const durations = config.order === 'critical-path' ? await meanDurations(database) : {};
    const reused = retryOf === undefined ? {} : await effectsOf(database, { executionId: retryOf, takenOverBy: { runId, executionId } });
    await beginRun(database, { runId, executionId, input, config, startedAt, retryOf });
    return { config, durations, reused };
  };
}

function invalid(error: InvalidPipelineError): ApplicationFailure {
  return ApplicationFailure.create({ nonRetryable: true, type: error.type, message: error.message, details: [error.problems] });
}

/** Bookkeeping errors keep their type, so that a reader of the history sees what was wrong. */
export function bookkeepingFailure(thrown: unknown): unknown {
  if (!(thrown instanceof PredictLabError)) return thrown;
  return ApplicationFailure.create({ nonRetryable: !thrown.retryable, type: thrown.type, message: thrown.message, cause: thrown });
}
