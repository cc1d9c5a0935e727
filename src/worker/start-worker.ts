import { hostname } from 'node:os';
import { Client } from '@temporalio/client';
import type { InjectedSinks, Worker, WorkerOptions } from '@temporalio/worker';
import { createActivities } from '../activities/create-activities.ts';
import { createHttpFence } from '../activities/custom/http-fence.ts';
import { loadPlugins, pluginModules } from '../activities/custom/load-plugins.ts';
import { createPluginThreads } from '../activities/custom/threads/plugin-threads.ts';
import { keepFromStrayErrors } from '../activities/custom/threads/stray-errors.ts';
import { fenceVenues } from '../activities/custom/venue-threads/venue-lane.ts';
import { OpenReports } from '../activities/report/open-reports.ts';
import { twinBases } from '../activities/report/queries/event-query.ts';
import { writeOpenReport } from '../activities/report/run-report.ts';
import type { StageFunction } from '../activities/stages/stage-work.ts';
import { temporalSettings } from '../client/connection/temporal-connection.ts';
import { pollingOf } from '../client/deployments/polling.ts';
import { PredictLab } from '../client.ts';
import { Closers } from '../closers.ts';
import { badInput, messageOf } from '../contracts/errors.ts';
import type { Log } from '../contracts/log.ts';
import { webUiOf } from '../contracts/search-attributes.ts';
import { type Stage, TASK_QUEUE } from '../contracts/words.ts';
import { type DeploymentVersion, workerVersion } from '../contracts/worker/deployment-version.ts';
import { workerIdentity } from '../contracts/worker/worker-identity.ts';
import { artifactStoreOf } from '../files/store/artifact-store.ts';
import { ArtifactSender } from '../files/store/send-artifacts.ts';
import { configuredSinks } from '../incidents/alerts/configured-sinks.ts';
import { startDispatcher } from '../incidents/alerts/dispatcher.ts';
import { homeFolder } from '../processes/home-folder.ts';
import { taskLogFolder } from '../report/elements/report-path.ts';
import { dataConverterOf, isSealing } from '../secrets/payload-codec.ts';
import { redactedLog, secretsOf } from '../secrets/secrets.ts';
import { findAttributes, searchable } from '../set-up/temporal/search-attributes.ts';
import { checkVenueSettings, createSources, limitsInUse } from '../sources/create-sources.ts';
import { joinFleet } from '../storage/database/connection-budget.ts';
import { appliedMigrations, databaseMark, newerMigrations } from '../storage/database/migrate.ts';
import { openDatabase } from '../storage/database/open-database.ts';
import { resolveDatabase } from '../storage/embedded/resolve-database.ts';
import { createPostgresWindows } from '../storage/rate-budget.ts';
import { freshness } from '../storage/ticks/symbol-rows.ts';
import { serveHealth } from '../telemetry/health.ts';
import { serveMetrics, splitAddress } from '../telemetry/listen.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { TaskLog } from '../telemetry/task-log.ts';
import { allChecks } from '../watch/all-checks.ts';
import { recordEnds } from '../watch/records/record-end.ts';
import { upkeepSettings } from '../watch/upkeep/settings.ts';
import { startWatch } from '../watch/watch.ts';
import { statusQuery } from '../workflows/handlers.ts';
import type { QueueSinks } from '../workflows/run/sinks.ts';
import { buildId } from './build-id.ts';
import { connectNative, createWorker, dropRunsThatLeft, installRuntime, versionedCode } from './native-worker.ts';

export interface WorkerSettings {
  readonly env: NodeJS.ProcessEnv;
  readonly log: Log;
  /** @default "predictlab", or PREDICTLAB_TASK_QUEUE */
  readonly taskQueue?: string;
  /** Number of tasks that this worker runs at once, over all runs. @default 100 */
  readonly maxActivities?: number;
  /** Prebuilt bundle of the workflows' code; without it the code is bundled from source. */
  readonly workflowBundle?: WorkerOptions['workflowBundle'];
  /** Stages that replace the shipped ones. */
  readonly stages?: Partial<Record<Stage, StageFunction>>;
  /** Longest wait before a retry that keeps the slot. @default 30 s */
  readonly longestWaitInSlotMs?: number;
  /** Whether the worker serves metrics and health. @default true */
  readonly serve?: boolean;
  /** Whether the worker checks schedules, disk, budgets and runs ended from outside, once a minute. @default as `serve` */
  readonly watch?: boolean;
}

export interface RunningWorker {
  readonly taskQueue: string;
  /** Resolves when the worker has drained and everything is closed; rejects when it failed. */
  readonly finished: Promise<void>;
  /** Stops polling, lets running attempts finish (up to the grace time), closes in reverse order. */
  shutdown(): Promise<void>;
}

/** Time that attempts get to finish at shutdown; after it another worker takes them over. */
const SHUTDOWN_GRACE = '10s';

/**
 * Starts a worker: storage, sources, plugins, activities, workflows, metrics and health, opened in this order.
 * @throws PredictLabError when Temporal, Postgres or a plugin is missing; everything opened so far is closed again
 */
export async function startWorker(settings: WorkerSettings): Promise<RunningWorker> {
  const { env, serve = true } = settings;
  const secrets = secretsOf(env);
  const log = redactedLog(settings.log, secrets);
  const taskQueue = settings.taskQueue ?? env.PREDICTLAB_TASK_QUEUE ?? TASK_QUEUE;
  const closers = new Closers(log);
  try {
    const maxActivities = settings.maxActivities ?? 100;
    // Settings are checked before anything is opened that would have to be closed.
    const temporal = temporalSettings(env);
    const version = workerVersion(env, buildId);
    const dataConverter = dataConverterOf(env, { forWorkflows: true });
    const limits = { quarantineLimit: quarantineLimit(env) };
    createHttpFence(env);
    const store = artifactStoreOf(env);
    checkVenueSettings(env);
    if (serve) for (const [variable, address] of Object.entries(ports(env))) splitAddress(address, variable);
    const sinks = configuredSinks(env);
    keepFromStrayErrors({ modules: pluginModules(env), log });
    const plugins = await loadPlugins(env);
    const metrics = createMetrics();
    const sdkMetrics = await installRuntime(log);
    const connection = closers.add('the Temporal connection', await connectNative(temporal));
    const located = closers.add('the embedded Postgres', await resolveDatabase(env, log));
    const database = closers.add(
      'the database pool',
      await openDatabase({ url: located.url, max: poolSize(maxActivities), applicationName: 'predictlab-worker' }),
    );
    const newer = await newerMigrations(await appliedMigrations(database));
    if (newer.length > 0)
      log.warn('a newer build has migrated the database: this one works on; update it, unless this is a rollback', {
        migrations: newer.join(', '),
      });
    closers.add('the share of database connections', await joinFleet(database, { wanted: poolSize(maxActivities), log }));
    const home = homeFolder(env);
    const threads = closers.add('the plugin threads', createPluginThreads(log));
    closers.add('the threads of venues', fenceVenues({ log }));
    const sources = closers.add('the sources', createSources({ env, windows: createPostgresWindows(database), log }));
    if (store !== undefined) {
      const backupFolder = async () => (await upkeepSettings(database))?.backup?.folder;
      closers.add('the artifact store', new ArtifactSender({ store, home, backupFolder, log }));
    }
    const taskLog = closers.add(
      "the tasks' log",
      new TaskLog({ folderOf: (runId) => taskLogFolder(home, runId), writer: `${hostname()}-${process.pid}`, log }),
    );
    const dispatcher = closers.add('the alerts', await startDispatcher({ database, sinks, log }));
    const temporalUi = env.TEMPORAL_UI_URL ? webUiOf(env.TEMPORAL_UI_URL, temporal.namespace).workflows : undefined;
    const client = new Client({ connection, namespace: temporal.namespace, dataConverter });
    const openReports = closers.add(
      'the pages of open runs',
      new OpenReports({
        write: (executionId) =>
          writeOpenReport(executionId, {
            database,
            home,
            statusOf: (runId) =>
              connection.withDeadline(Date.now() + STATUS_WITHIN_MS, () => client.workflow.getHandle(runId).query(statusQuery, Date.now())),
            ...(temporalUi && { temporalUrlOf: ({ runId }) => `${temporalUi}/${encodeURIComponent(runId)}` }),
            log: settings.log,
          }),
        log: settings.log,
      }),
    );
    const { custom, ...activities } = createActivities({
      env,
      database,
      sources,
      plugins,
      build: version?.buildId ?? buildId(),
      threads,
      home,
      ...limits,
      onNews: () => dispatcher.wake(),
      temporalUiUrl: temporalUi,
      onTaskEnd: (executionId) => openReports.taskEnded(executionId),
      searchable: searchable(() =>
        connection.withDeadline(Date.now() + ATTRIBUTES_WITHIN_MS, () => findAttributes(connection.operatorService, temporal.namespace)),
      ),
      recordEnds: async () => {
        try {
          const lab = await PredictLab.connect({ env, taskQueue });
          try {
            await recordEnds(lab, database);
          } finally {
            await lab.close();
          }
        } catch (error) {
          log.warn('whether runs without an end are still open could not be asked; they count as open', { error: messageOf(error) });
        }
      },
      log: redactedLog(taskLog.tee(settings.log), secrets),
      metrics: metrics.tasks,
      stages: settings.stages,
      longestWaitInSlotMs: settings.longestWaitInSlotMs,
    });
    if (settings.watch ?? serve) {
      const onNews = (): void => dispatcher.wake();
      const checks = closers.add(
        'the checks of the watch',
        allChecks({ database, home, env, taskQueue, limits: limitsInUse(env), onNews, log }),
      );
      closers.add('the watch', startWatch({ database, checks: checks.list, onNews, log }));
    }
    metrics.onFreshness(() => freshness(database, Date.now()));
    metrics.onBasis(() => twinBases(database));
    metrics.onPool(() => database.connections());

    // The port is opened before the worker, because a start that fails (the port is in use) could not close a worker that has not run.
    let created: Worker | undefined;
    if (serve) {
      const ready = async () => {
        const state = created?.getState() ?? 'STARTING';
        if (state !== 'RUNNING') throw new Error(`the worker is ${state.toLowerCase()}`);
        await database.query('select 1');
      };
      closers.add('the metrics port', await serveMetrics({ address: ports(env).METRICS_ADDRESS, metrics, sdkMetrics, log }));
      closers.add('the health port', await serveHealth({ address: ports(env).HEALTH_ADDRESS, ready, log }));
    }
    const worker = await createWorker({
      connection,
      namespace: temporal.namespace,
      taskQueue,
      identity: workerIdentity({ pid: process.pid, host: hostname(), mark: await databaseMark(database) }),
      activities: { ...activities, ...custom },
      ...(await versionedCode(settings.workflowBundle, version, isSealing(dataConverter))),
      dataConverter,
      sinks: {
        queue: { length: { fn: (execution, state) => metrics.queue.report(execution, state) } },
      } satisfies InjectedSinks<QueueSinks>,
      maxConcurrentActivityTaskExecutions: maxActivities,
      maxConcurrentLocalActivityExecutions: maxActivities,
      maxConcurrentWorkflowTaskExecutions: 40,
      maxHeartbeatThrottleInterval: '2s',
      defaultHeartbeatThrottleInterval: '2s',
      // Time until another worker takes over the workflows of a dead one.
      stickyQueueScheduleToStartTimeout: '3s',
      shutdownGraceTime: SHUTDOWN_GRACE,
    });
    created = worker;
    dropRunsThatLeft(metrics.queue, { worker, connection, namespace: temporal.namespace });
    const finished = (async () => {
      try {
        await worker.run();
      } finally {
        await closers.close();
      }
    })();
    // The caller may await `finished` later; until then an early failure must not count as unhandled.
    finished.catch(() => undefined);
    log.info('worker ready', {
      taskQueue,
      temporal: temporal.address,
      namespace: temporal.namespace,
      activities: maxActivities,
      ...(version === undefined ? {} : { deployment: version.name, buildId: version.buildId }),
    });
    if (version !== undefined) void sayIfNothingComes(client, { taskQueue, version, log });
    return {
      taskQueue,
      finished,
      async shutdown() {
        if (worker.getState() === 'RUNNING') worker.shutdown();
        await finished;
      },
    };
  } catch (error) {
    await closers.close();
    throw error;
  }
}

/** Maximum time in milliseconds that a run waits for the answer whether search attributes are registered. */
const ATTRIBUTES_WITHIN_MS = 2_000;
/** Maximum time in milliseconds that an open run's page waits for the run's status. */
const STATUS_WITHIN_MS = 5_000;

/** Warns that new runs wait because no build of the deployment is current yet. */
async function sayIfNothingComes(
  client: Client,
  { taskQueue, version, log }: { taskQueue: string; version: DeploymentVersion; log: Log },
): Promise<void> {
  try {
    const { current, pollers } = await pollingOf(client, taskQueue);
    if (current !== null || pollers.some((poller) => poller.up && poller.version === null)) return;
    log.warn('no build is current yet, so new runs wait: `predictlab deploy promote` makes this one so', {
      deployment: version.name,
      buildId: version.buildId,
    });
  } catch {
    // An error is ignored here: `doctor` and the commands that query a run report it.
  }
}

const ports = (env: NodeJS.ProcessEnv) => ({
  METRICS_ADDRESS: env.METRICS_ADDRESS || '127.0.0.1:9464',
  HEALTH_ADDRESS: env.HEALTH_ADDRESS || '127.0.0.1:9465',
});

/** Number of database connections that a worker wants: at most 20, because a running task needs one only while it writes. */
function poolSize(maxActivities: number): number {
  return Math.min(20, Math.max(4, maxActivities));
}

function quarantineLimit(env: NodeJS.ProcessEnv): number {
  const text = env.PREDICTLAB_QUARANTINE_LIMIT ?? '0.01';
  const limit = Number(text);
  if (text.trim() === '' || !(limit >= 0 && limit <= 1)) {
    throw badInput(`PREDICTLAB_QUARANTINE_LIMIT="${text}": write a share from 0 to 1, for example 0.01`);
  }
  return limit;
}
