import { ApplicationFailure } from '@temporalio/activity';
import { strategyProblems } from '../../backtest/strategies/registry.ts';
import type { Strategy } from '../../backtest/strategy.ts';
import { InvalidPipelineError, PredictLabError } from '../../contracts/errors.ts';
import type { Log } from '../../contracts/log.ts';
import type { PreparedRun, PrepareInput } from '../../contracts/run-config.ts';
import { parsePipelineInput } from '../../input/pipeline-schema.ts';
import { recordOf } from '../../input/raw-input.ts';
import type { PluginActivity } from '../../plugins.ts';
import type { Database } from '../../storage/database/database.ts';
import { namesFor } from '../../storage/markets/first-catalogue.ts';
import { effectsOf, meanDurations } from '../../storage/runs/ledger.ts';
import { type RefusedRun, recordRefusal, refusalTold } from '../../storage/runs/refused-runs.ts';
import { beginRun } from '../../storage/runs/runs.ts';
import { argumentProblems } from '../custom/custom-tasks.ts';
import { announce, type Ending } from './alert.ts';

export interface PrepareDependencies {
  readonly database: Database;
  readonly strategies: readonly Strategy[];
  readonly activities: ReadonlyMap<string, PluginActivity>;
  /** Where a refused input is told: a scheduled run has nobody who waits for its error. */
  readonly alertWebhookUrl?: string;
  readonly log: Log;
}

/**
 * Checks a run's input against the catalogue and what this worker knows, fills in every default, and looks up what is taken
 * over from an earlier run. A refused input is told as trouble of any run is.
 *
 * @throws ApplicationFailure `InvalidPipeline`, non-retryable, every problem listed; its detail is the list
 */
export function createPreparePipeline({
  database,
  strategies,
  activities,
  alertWebhookUrl,
  log,
}: PrepareDependencies): (asked: PrepareInput) => Promise<PreparedRun> {
  return async ({ input, runId, executionId, startedAt, defaultAsOf, retryOf }) => {
    const parsed = parsePipelineInput(input ?? {}, {
      symbols: await namesFor(database, recordOf(input).symbols),
      strategies: strategies.map(({ name }) => ({ name, problems: (params) => strategyProblems(name, params, strategies) })),
      activities: [...activities].map(([name, activity]) => ({ name, problems: (args) => argumentProblems(activity, args) })),
      now: defaultAsOf,
      clock: Date.now(),
    });
    if ('problems' in parsed) {
      const reasons = [REFUSED, ...parsed.problems.map(({ where, message }) => `${where}: ${message}`)];
      await tellRefusal({ database, run: { runId, executionId, input, reasons, startedAt }, webhookUrl: alertWebhookUrl, log });
      throw invalid(new InvalidPipelineError(parsed.problems));
    }
    const { config } = parsed;
    // Only this order looks at them, and they are read over thousands of ledger rows.
    const durations = config.order === 'critical-path' ? await meanDurations(database) : {};
    const reused = retryOf === undefined ? {} : await effectsOf(database, { executionId: retryOf, takenOverBy: { runId, executionId } });
    await beginRun(database, { runId, executionId, input, config, startedAt, retryOf });
    return { config, durations, reused };
  };
}

const REFUSED = 'InvalidPipeline: the input was refused, no task ran';

/** Records it, and tells it unless an earlier attempt of this check has. */
async function tellRefusal({ database, run, webhookUrl, log }: Refusal): Promise<void> {
  const { runId, executionId, reasons } = run;
  const { told } = await recordRefusal(database, run);
  if (!webhookUrl || told) return;
  const result: Ending = { runId, result: 'failed', reasons, finishedAt: new Date().toISOString() };
  await announce({ database, executionId, result, webhookUrl, log });
  await refusalTold(database, executionId);
}

interface Refusal {
  readonly database: Database;
  readonly run: RefusedRun;
  readonly webhookUrl: string | undefined;
  readonly log: Log;
}

function invalid(error: InvalidPipelineError): ApplicationFailure {
  return ApplicationFailure.create({ nonRetryable: true, type: error.type, message: error.message, details: [error.problems] });
}

/** Bookkeeping errors keep their type, so that a reader of the history sees what was wrong. */
export function bookkeepingFailure(thrown: unknown): unknown {
  if (!(thrown instanceof PredictLabError)) return thrown;
  return ApplicationFailure.create({ nonRetryable: !thrown.retryable, type: thrown.type, message: thrown.message, cause: thrown });
}
