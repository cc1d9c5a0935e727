import { ApplicationFailure } from '@temporalio/activity';
import type { Strategy } from '../../backtest/strategy.ts';
import { badInput, InvalidPipelineError, PredictLabError } from '../../contracts/errors.ts';
import { exclusiveRefusal } from '../../contracts/run/exclusive-refusal.ts';
import type { PrepareInput, RunConfig } from '../../contracts/run/run-config.ts';
import { cutError } from '../../contracts/text/cut-text.ts';
import { STAGES } from '../../contracts/words.ts';
import { observeRefusal } from '../../incidents/rows/observe-run.ts';
import { parsePipelineInput } from '../../input/pipeline-schema.ts';
import { recordOf } from '../../input/raw-input.ts';
import { inlineProblems } from '../../input/size-problems.ts';
import type { PluginActivity } from '../../plugins/plugins.ts';
import { packConfig } from '../../scheduling/payload/pack-config.ts';
import { type PackedPrepared, packPrepared, type UniversesToExpand } from '../../scheduling/payload/pack-prepared.ts';
import { redactedPlace, redactInput } from '../../secrets/redact-input.ts';
import { type Secrets, secretsOf } from '../../secrets/secrets.ts';
import type { Database } from '../../storage/database/database.ts';
import { namesFor } from '../../storage/markets/first-catalogue.ts';
import { type RunCode, recordConfiguration } from '../../storage/runs/configurations.ts';
import { effectsOf, meanDurations, quickTasks } from '../../storage/runs/ledger/ledger.ts';
import { recordExclusiveStart, recordRefusal, recordRunStart, runOf } from '../../storage/runs/runs.ts';
import { cutCause } from '../runner/failure.ts';
import { knownNames, withShards } from './known-names.ts';
import { restShards } from './rest-shards.ts';

export interface PrepareDependencies {
  /** The environment in which `{ "$env": … }` is looked up and whose secret values are removed. */
  readonly env: NodeJS.ProcessEnv;
  readonly database: Database;
  readonly strategies: readonly Strategy[];
  readonly activities: ReadonlyMap<string, PluginActivity>;
  /** Called when notifications are waiting in the outbox, as after a scheduled run is refused, for which no caller waits. */
  readonly onNews: () => void;
  readonly searchable: () => Promise<boolean>;
  /** Records the end of runs whose end is missing in the database, such as terminated ones. */
  readonly recordEnds: () => Promise<void>;
  readonly code: RunCode;
}

/**
 * Checks a run's input against the catalogue and the worker's names, fills in every default, and looks up what is reused from an earlier
 * run. A run that continues in a new execution keeps its earlier decisions. A refused input of a scheduled run opens an incident.
 * @throws ApplicationFailure `InvalidPipeline`, non-retryable, every problem listed; its detail is the list
 */
export function createPreparePipeline(
  dependencies: PrepareDependencies,
): (asked: PrepareInput) => Promise<PackedPrepared | UniversesToExpand> {
  const { env, database, strategies, activities, onNews, searchable, recordEnds, code } = dependencies;
  const secrets = secretsOf(env);
  const kept = <T>(given: T): T => secrets.json(redactInput(given));
  return async ({
    input: given,
    runId,
    executionId,
    startedAt,
    defaultAsOf,
    scheduleId,
    retryOf,
    exclusive,
    continued,
    expanded,
    listingProblems = [],
  }) => {
    if (continued)
      return { ...(await preparedBefore(database, { runId, executionId })), ...((await searchable()) && { searchable: true }) };
    const names = await namesFor(database, recordOf(given).symbols);
    const { input, symbols, universes } = withShards(given ?? {}, names);
    const parsed = parsePipelineInput(input, {
      ...knownNames({ symbols, strategies, activities, env }),
      now: defaultAsOf,
      clock: Date.now(),
      start: startedAt,
      runId,
    });
    const problems = 'problems' in parsed ? parsed.problems : inlineProblems(redactedPlace(kept(parsed.config)), packConfig(parsed.config));
    if ('problems' in parsed || problems.length > 0) {
      const error = new InvalidPipelineError(secrets.json(problems));
      const reasons = [REFUSED, ...error.problems.map(({ where, message }) => `${where}: ${message}`)];
      const news = await database.transaction(async (transaction) => {
        await recordRefusal(transaction, { runId, executionId, input: kept(given), reasons, startedAt });
        // opens an incident only for a scheduled run; a run started by hand reports the refusal to its caller
        return scheduleId !== undefined && (await observeRefusal(transaction, executionId));
      });
      if (news) onNews();
      throw invalid(error);
    }
    const recordStart = async (config: RunConfig): Promise<void> => {
      const configuration = await recordConfiguration(database, { input: kept(given), ...code });
      const begun = { runId, executionId, input: kept(given), config, startedAt, retryOf, configuration, scheduleId };
      if (!exclusive) return await recordRunStart(database, begun);
      let open = await recordExclusiveStart(database, begun);
      if (open.length > 0) {
        await recordEnds();
        open = await recordExclusiveStart(database, begun);
      }
      if (open.length === 0) return;
      const reason = exclusiveRefusal(open);
      // the caller gets the reason as an answer, so no incident is opened
      await recordRefusal(database, { runId, executionId, input: kept(given), reasons: [reason], startedAt });
      throw ApplicationFailure.create({ nonRetryable: true, type: 'InvalidPipeline', message: reason });
    };
    if (universes.length > 0 && !expanded) {
      // The listing of a whole venue takes minutes, in which the run already has its pages, with the shards of the last listing.
      await recordStart(kept(parsed.config));
      return { expand: universes, asOf: parsed.config.asOf };
    }
    const learned = withLearnedShort(parsed.config, await shortTasks(database, parsed.config));
    const config = listingProblems.length === 0 ? learned : { ...learned, listingProblems };
    const durations = await durationsFor(database, config);
    const reused =
      retryOf === undefined
        ? await restShards({ database, universes, config, run: { runId, executionId, startedAt } })
        : await effectsOf(database, { executionId: retryOf, takenOverBy: { runId, executionId } });
    const stored = kept(config);
    await recordStart(stored);
    return {
      ...packPrepared({ config, durations, reused, searchable: await searchable() }),
      ...(stored === config ? {} : { inline: true }),
    };
  };
}

/** What was decided at the start of a run that now continues in a new execution. The reused tasks are part of the run's own state. */
async function preparedBefore(database: Database, { runId, executionId }: { runId: string; executionId: string }): Promise<PackedPrepared> {
  const run = await runOf(database, executionId);
  if (run === undefined) {
    throw badInput(`run ${runId} is not in this worker's database: start every worker of a task queue with the same DATABASE_URL`);
  }
  return packPrepared({ config: run.config, durations: await durationsFor(database, run.config), reused: new Map() });
}

/** Mean durations of tasks; empty unless the order `critical-path` or a deadline needs them, since reading them takes thousands of rows. */
const durationsFor = async (database: Database, { order, deadline }: RunConfig): Promise<Record<string, number>> =>
  order === 'critical-path' || deadline !== undefined ? await meanDurations(database) : {};

/** A custom task is short if it has at least this many executions and 95% of them took less than this time. */
const SHORT = { executions: 20, p95Seconds: 0.1 };
/** Number of ledger rows that are read to find short tasks: about 25 runs like this one, within limits that keep it under 0.2 s. */
const rowsToLearnFrom = ({ symbols, tasks }: RunConfig): number =>
  Math.min(200_000, Math.max(20_000, 25 * (tasks.length + symbols.length * STAGES.length)));

/** Ids of the custom tasks that are short according to the ledger; tasks whose input sets `short` are not among them. */
async function shortTasks(database: Database, config: RunConfig): Promise<ReadonlySet<string>> {
  const open = config.tasks.filter(({ short }) => short === undefined).map(({ taskId }) => taskId);
  return open.length === 0 ? new Set() : await quickTasks(database, open, { ...SHORT, rows: rowsToLearnFrom(config) });
}

const withLearnedShort = (config: RunConfig, learned: ReadonlySet<string>): RunConfig =>
  learned.size === 0
    ? config
    : { ...config, tasks: config.tasks.map((task) => (learned.has(task.taskId) ? { ...task, short: true } : task)) };

const REFUSED = 'InvalidPipeline: the input was refused, no task ran';

function invalid(error: InvalidPipelineError): ApplicationFailure {
  return ApplicationFailure.create({ nonRetryable: true, type: error.type, message: error.message, details: [error.problems] });
}

/** The typed failure for an error of `preparePipeline` or `finishPipeline`. A TypeError or RangeError is a bug and not retried. */
export function bookkeepingFailure(thrown: unknown, secrets: Secrets): unknown {
  if (thrown instanceof ApplicationFailure || !(thrown instanceof Error)) return thrown;
  const known = thrown instanceof PredictLabError;
  const { type, message } = cutError(secrets.json({ type: known ? thrown.type : thrown.name, message: thrown.message }));
  const nonRetryable = known ? !thrown.retryable : thrown instanceof TypeError || thrown instanceof RangeError;
  return ApplicationFailure.create({ nonRetryable, type, message, cause: cutCause(thrown, secrets) });
}
