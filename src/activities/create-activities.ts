import { shippedStrategies } from '../backtest/strategies/registry.ts';
import type { Json } from '../contracts/run/pipeline-input.ts';
import type { SharedEnd, StageCall, StageInput, StageOutcome, TaskOutcome } from '../contracts/task/stage-report.ts';
import { STAGES, type Stage, stageTaskId } from '../contracts/words.ts';
import { observeRun } from '../incidents/rows/observe-run.ts';
import type { LoadedPlugins } from '../plugins/plugins.ts';
import { type Secrets, secretsOf } from '../secrets/secrets.ts';
import type { Database } from '../storage/database/database.ts';
import { symbolsByName } from '../storage/markets/catalogue.ts';
import { recordLostEffects } from '../storage/runs/ledger/custom-effects.ts';
import { discardUnstored } from '../storage/runs/ledger/ledger.ts';
import { endRun } from '../storage/runs/runs.ts';
import { createCustomActivities, customTasks } from './custom/custom-tasks.ts';
import type { PluginThreads } from './custom/threads/plugin-threads.ts';
import type { CustomActivity, RunActivities, StageActivities } from './registry.ts';
import { writeRunReport } from './report/run-report.ts';
import { createVisualize } from './report/visualize.ts';
import { createExpandUniverses } from './run/expand-universes.ts';
import { bookkeepingFailure, createPreparePipeline, type PrepareDependencies } from './run/prepare-pipeline.ts';
import { createRunSettings } from './run/run-settings.ts';
import { runWithFollowing, type SharedAttempt } from './runner/shared-activity.ts';
import { createTaskRunner, type TaskRunnerDependencies } from './runner/task-runner.ts';
import { createBacktest } from './stages/backtest/backtest.ts';
import { createClean } from './stages/clean.ts';
import { type CollectDependencies, createCollect } from './stages/collect/collect.ts';
import { createKline } from './stages/kline.ts';
import type { StageFunction } from './stages/stage-work.ts';
import { createStore } from './stages/store.ts';

export interface ActivityDependencies
  extends Omit<TaskRunnerDependencies, 'secrets'>,
    Pick<PrepareDependencies, 'searchable' | 'recordEnds'> {
  /** The worker's environment: the variables that tasks may read, which of them are secret, and the hosts that tasks may call. */
  readonly env: NodeJS.ProcessEnv;
  readonly sources: CollectDependencies['sources'];
  readonly plugins: LoadedPlugins;
  readonly build: string;
  readonly threads: PluginThreads;
  /** The folder of reports: `PREDICTLAB_HOME`. */
  readonly home: string;
  /** Called when notifications are waiting in the outbox. @default notifications wait for the next check of the outbox */
  readonly onNews?: () => void;
  /** The workflow list of Temporal's Web UI, for links in reports. @default no links */
  readonly temporalUiUrl?: string;
  readonly onTaskEnd?: (executionId: string) => void;
  /** Share of a symbol's rows, in [0, 1], that may be quarantined before the run counts as degraded. */
  readonly quarantineLimit: number;
  /** Stages that replace the shipped ones; benchmarks measure the engine with stages that do nothing. */
  readonly stages?: Partial<Record<Stage, StageFunction>>;
}

/** All activities of a worker by name: the stages, the bookkeeping and the custom tasks. */
export function createActivities(
  dependencies: ActivityDependencies,
): StageActivities & RunActivities & { readonly custom: Readonly<Record<string, CustomActivity>> } {
  const { env, database, sources, plugins, home, quarantineLimit, log, onNews = () => undefined } = dependencies;
  const secrets = secretsOf(env);
  const runAttempt = createTaskRunner({ ...dependencies, secrets });
  const runTask: typeof runAttempt = async (task) => await runAttempt(task).finally(() => dependencies.onTaskEnd?.(task.call.executionId));
  const code = { code: dependencies.build, plugins: plugins.hashes };
  const strategies = [...shippedStrategies, ...plugins.strategies];
  const activities = customTasks(plugins, env);

  const stages: Record<Stage, StageFunction> = {
    collect: createCollect({ database, sources }),
    clean: createClean({ quarantineLimit }),
    store: createStore({ database, log }),
    kline: createKline(),
    backtest: exceptShards(
      database,
      { backtests: 0 },
      ({ settings }) => settings.backtest?.topByVolume === undefined,
    )(createBacktest({ database, strategies, threads: dependencies.threads, log })),
    visualize: exceptShards(database, { pages: 0, bytes: 0 })(createVisualize({ database, home, log })),
    ...dependencies.stages,
  };
  const settingsOf = createRunSettings(database);
  const runStage: RunStage = async (stage, { following: _, ...call }, following) => {
    const { runId, executionId, symbol } = call;
    return await runTask({
      call: { ...call, taskId: stageTaskId(symbol, stage) },
      symbol,
      stage,
      following,
      ...(stage === 'backtest' && plugins.strategies.length > 0 ? { foreign: `with strategies of ${plugins.modules.join(', ')}` } : {}),
      work: async (work) => await stages[stage]({ runId, executionId, symbol, stage, settings: await settingsOf(call) }, work),
    });
  };
  const stageActivities = STAGES.map((stage) => [stage, (call: StageCall) => runStages({ database, runStage }, stage, call)]);
  const custom = createCustomActivities(activities, runTask, { database, threads: dependencies.threads, env });
  return {
    ...(Object.fromEntries(stageActivities) as StageActivities),
    preparePipeline: mapped(secrets, createPreparePipeline({ ...dependencies, strategies, activities, code, onNews })),
    expandUniverses: mapped(secrets, createExpandUniverses({ database, sources, log })),
    finishPipeline: mapped(secrets, createFinishPipeline(dependencies)),
    custom,
  };
}

/** Makes a stage do nothing for shards of universes: their pages are rendered on demand, and they are backtested only on request. */
const exceptShards =
  (database: Database, output: Json, isIdle: (input: StageInput) => boolean = () => true) =>
  (stage: StageFunction): StageFunction =>
  async (input, work) => {
    if (!isIdle(input)) return await stage(input, work);
    const entry = (await symbolsByName(database, [input.symbol])).get(input.symbol);
    return entry?.universe === undefined ? await stage(input, work) : await work.record({ output });
  };

/** Turns errors of a run's preparation and end into Temporal failures whose type decides about retries, as for errors of tasks. */
const mapped =
  <Input, Output>(secrets: Secrets, run: (input: Input) => Promise<Output>) =>
  async (input: Input): Promise<Output> => {
    try {
      return await run(input);
    } catch (thrown) {
      throw bookkeepingFailure(thrown, secrets);
    }
  };

/** Runs one attempt of a stage inside the current activity. @param following set unless the stage is the activity's own */
export type RunStage = (stage: Stage, call: StageCall, following?: Pick<SharedAttempt, 'progress'>) => Promise<TaskOutcome>;

/** Runs the stage of an activity, then those of the stages in `call.following` that can start within a second. */
export async function runStages(
  { database, runStage }: { readonly database: Database; readonly runStage: RunStage },
  stage: Stage,
  call: StageCall,
): Promise<StageOutcome> {
  const { runId, executionId, symbol, following } = call;
  if (following === undefined) return await runStage(stage, call);
  const { followed, ...own } = await runWithFollowing({
    database,
    executionId,
    taskId: stageTaskId(symbol, stage),
    own: () => runStage(stage, call),
    following: following.stages.map((next) => ({ taskId: stageTaskId(symbol, next), next })),
    run: async ({ next }, { progress, mayHaveRun }) => {
      const given = { runId, executionId, symbol, policy: following.policies?.[next], mayHaveRun: mayHaveRun || call.mayHaveRun };
      return await runStage(next, given, { progress });
    },
  });
  // outputs are left out after the last stage, since the workflow reads them only to choose how the next stage runs
  const isOver = followed.length === following.stages.length && followed.every(({ kind }) => kind === 'succeeded');
  const briefly = (end: SharedEnd): SharedEnd => (isOver && end.kind === 'succeeded' ? { ...end, output: null } : end);
  return {
    ...own,
    ...(isOver && { output: null }),
    followed: followed.map((end, i) => ({ stage: following.stages[i], ...briefly(end) })),
  };
}

/** Records how a run ended and writes its page, also for partial and failed runs. */
function createFinishPipeline({ database, home, onNews, temporalUiUrl, log }: ActivityDependencies): RunActivities['finishPipeline'] {
  return async ({ runId, executionId, result, customTasks, discardStaging }) => {
    const lost = await recordLostEffects(database, { runId, executionId, result, customTasks });
    if (lost > 0) log.info('effects of custom tasks that the ledger did not have were recorded at the end of the run', { runId, lost });
    if (discardStaging) {
      const rows = await discardUnstored(database, { executionId });
      log.info('staged rows of the aborted run were discarded', { runId, rows });
    }
    const news = await database.transaction(async (transaction) => {
      await endRun(transaction, { executionId, result });
      return await observeRun(transaction, { executionId, result });
    });
    if (news) onNews?.();
    const temporalUrl = temporalUiUrl === undefined ? undefined : `${temporalUiUrl}/${encodeURIComponent(runId)}/${executionId}/history`;
    const { path: report } = await writeRunReport({ database, home, executionId, log, temporalUrl });
    return { report };
  };
}
