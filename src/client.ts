import { setMaxListeners } from 'node:events';
import { Client, type Connection, type WorkflowExecutionDescription, type WorkflowHandle, WorkflowNotFoundError } from '@temporalio/client';
import { connectOrRefuse } from './client/connection/connect-temporal.ts';
import { temporalRefused, temporalSettings, temporalUnreachable } from './client/connection/temporal-connection.ts';
import { Deployments, type RecentHistory, recentHistories } from './client/deployments/deployments.ts';
import type { Polling } from './client/deployments/polling.ts';
import { handleOf, type RunName } from './client/executions.ts';
import { listingSentence, type PendingAttempt, pendingAttempts } from './client/pending-attempts.ts';
import { cutOff, FollowedRun, fillInStages, stagesOf, whyInside } from './client/runs/follow-run.ts';
import { recentRuns, type TemporalRun } from './client/runs/recent-runs.ts';
import { RunEnded, runOutcome } from './client/runs/run-outcome.ts';
import { givenInput, type StartedRun, type StartOptions, startPipeline } from './client/runs/start-pipeline.ts';
import { Schedules } from './client/schedules/schedules.ts';
import { isUnavailable, serviceMessage, TemporalCalls } from './client/temporal-calls.ts';
import { checkFields } from './contracts/known-fields.ts';
import type { PipelineInput } from './contracts/run/pipeline-input.ts';
import type { GraphTask, PipelineResult, PipelineStatus } from './contracts/run/pipeline-status.ts';
import { TASK_QUEUE } from './contracts/words.ts';
import { markOfIdentity } from './contracts/worker/worker-identity.ts';
import { readGraph } from './scheduling/payload/fit-status.ts';
import { dataConverterOf } from './secrets/payload-codec.ts';
import {
  graphQuery,
  pauseUpdate,
  resumeUpdate,
  retryFailedUpdate,
  setMaxConcurrentUpdate,
  statusQuery,
  whyQuery,
} from './workflows/handlers.ts';
import type { pipeline } from './workflows/pipeline.ts';

export interface KnownRun {
  readonly runId: string;
  /** Temporal's run id of the run's first execution. */
  readonly executionId: string;
  readonly open: boolean;
  readonly closeStatus: string;
  /** null while the run is open */
  readonly closedAt: Date | null;
}

/** Milliseconds for which a wait for a run's result continues while the server is unreachable, such as during its restart. */
const SERVER_PATIENCE_MS = 30_000;

/**
 * The client for programs and for the command line. It starts, watches and controls runs, and manages schedules.
 *
 * @example
 * const lab = await PredictLab.connect();
 * const { runId } = await lab.start({ symbols: ['BTC_PRICE'], daysBack: 2 });
 * console.log((await lab.result(runId)).result);
 * await lab.close();
 */
export class PredictLab {
  readonly address: string;
  readonly schedules: Schedules;
  readonly deployments: Deployments;
  readonly #client: Client;
  readonly #taskQueue: string;
  readonly #calls: TemporalCalls;
  readonly #closing = new AbortController();

  private constructor(client: Client, address: string, taskQueue: string) {
    this.#client = client;
    this.address = address;
    this.#taskQueue = taskQueue;
    this.#calls = new TemporalCalls(client, { address, taskQueue });
    this.schedules = new Schedules(client, taskQueue);
    this.deployments = new Deployments(client, taskQueue);
  }

  /**
   * @param options.env environment with Temporal's configuration. @default process.env
   * @param options.taskQueue @default "predictlab", or PREDICTLAB_TASK_QUEUE
   * @throws PredictLabError SourceUnavailable that names the address and what to start; BadInput for an unknown option
   */
  static async connect(options: { env?: NodeJS.ProcessEnv; taskQueue?: string } = {}): Promise<PredictLab> {
    checkFields('PredictLab.connect', options, ['env', 'taskQueue'], '; TEMPORAL_ADDRESS in env names the server');
    const { env = process.env } = options;
    const temporal = temporalSettings(env);
    const dataConverter = dataConverterOf(env);
    let connection: Connection;
    try {
      connection = await connectOrRefuse({ ...temporal.options, address: temporal.address, connectTimeout: '5s' });
    } catch (error) {
      throw await temporalRefused(temporal, error);
    }
    const client = new Client({ connection, namespace: temporal.namespace, dataConverter });
    return new PredictLab(client, temporal.address, options.taskQueue ?? env.PREDICTLAB_TASK_QUEUE ?? TASK_QUEUE);
  }

  /** Starts a run without waiting for its end. @throws PredictLabError BadInput when a run with that id is open, or the id is not valid */
  async start(input: PipelineInput = {}, options: StartOptions = {}): Promise<StartedRun> {
    return await startPipeline({ client: this.#client, taskQueue: this.#taskQueue }, input, options);
  }

  /**
   * Waits for the end of a run.
   *
   * @throws RunEnded when it did not end with a result: failed (`InvalidPipeline`, `CriticalTaskFailed`, `NothingSucceeded`; `partial` is the result of the last two), cancelled, terminated
   */
  async result(run: RunName): Promise<PipelineResult> {
    const handle = await this.#handle(run);
    // a separate signal, because the SDK adds a listener to it with each poll and never removes one
    const leaving = AbortSignal.any([this.#closing.signal]);
    setMaxListeners(0, leaving);
    for (let silentSince: number | undefined; ; ) {
      try {
        return await this.#client.withAbortSignal(leaving, () => runOutcome(handle));
      } catch (error) {
        if (this.#closing.signal.aborted || !isUnavailable(error)) throw error;
        // A server that restarts keeps its runs, so the wait continues.
        silentSince ??= Date.now();
        if (Date.now() - silentSince > SERVER_PATIENCE_MS) throw temporalUnreachable(this.address, serviceMessage(error));
        await new Promise((resolve) => setTimeout(resolve, 1_000));
      }
    }
  }

  /** The current status of a run, open or closed; a worker must be running to answer. */
  async status(run: RunName): Promise<PipelineStatus> {
    const handle = await this.#handle(run);
    const [status, described] = await this.#queried(handle, () => handle.query(statusQuery, Date.now()));
    if (status.finishedAt !== null) return status;
    const known = await described;
    const { closeTime } = known;
    if (closeTime === undefined || known.status.name === 'RUNNING') return await fillInStages(this.#client, known, status);
    // The run closed between the two calls, or was closed from outside, which its workflow cannot report.
    const last = await this.#calls.onRun(handle, () => handle.query(statusQuery, Date.now()));
    return last.finishedAt === null ? cutOff(last, closeTime) : last;
  }

  /** Follows an open run: each status query returns only what has changed since the last one. */
  async follow(run: RunName): Promise<FollowedRun> {
    return new FollowedRun(this.#calls, this.#client, await this.#handle(run));
  }

  /** The tasks in topological order. */
  async graph(run: RunName): Promise<readonly GraphTask[]> {
    return readGraph(await this.#on(run, (handle) => handle.query(graphQuery)));
  }

  /** One line that says what a task is waiting for, or why it was skipped or failed. */
  async why(run: RunName, taskId: string): Promise<string> {
    const handle = await this.#handle(run);
    const [answer, described] = await this.#queried(handle, () => handle.query(whyQuery, taskId, Date.now()));
    const known = await described;
    const { status } = known;
    if (status.name === 'TERMINATED' || status.name === 'TIMED_OUT') {
      const task = (await this.status(run)).taskResults[taskId];
      if (task?.status === 'cancelled') return `${taskId} was cut off: the run was ended from outside (${status.name.toLowerCase()})`;
    }
    if (status.name !== 'RUNNING') return answer;
    const symbol = taskId.slice(0, Math.max(0, taskId.lastIndexOf('/')));
    const [attempts, stages] = await Promise.all([
      pendingAttempts(this.#client, known, new Set([symbol])),
      stagesOf(this.#client, known, [symbol || taskId]),
    ]);
    const attempt = attempts.get(taskId);
    const listing = listingSentence(attempts);
    if (listing !== undefined) return listing;
    return attempt?.retryAt === undefined
      ? (whyInside(stages, taskId, Date.now()) ?? answer)
      : `${taskId} is waiting for attempt ${attempt.attempt}, retry at ${new Date(attempt.retryAt).toISOString()}: ${attempt.lastFailure ?? 'the last attempt failed'}`;
  }

  /** The running attempts of an open run, by task id. If `symbols` is given, only the attempts of these symbols and of custom tasks. */
  async attempts(run: RunName, symbols?: ReadonlySet<string>): Promise<ReadonlyMap<string, PendingAttempt>> {
    return await pendingAttempts(this.#client, await (await this.#handle(run)).describe(), symbols);
  }

  async setMaxConcurrent(run: RunName, value: number): Promise<number> {
    return await this.#on(run, (handle) => handle.executeUpdate(setMaxConcurrentUpdate, { args: [value] }));
  }

  /** Pauses a run: no new task starts until `resume`. */
  async pause(run: RunName): Promise<void> {
    await this.#on(run, (handle) => handle.executeUpdate(pauseUpdate));
  }

  async resume(run: RunName): Promise<void> {
    await this.#on(run, (handle) => handle.executeUpdate(resumeUpdate));
  }

  /** Runs failed and skipped tasks of an open run again. @returns their ids @throws PredictLabError BadInput while the run is ending */
  async retryFailed(run: RunName): Promise<readonly string[]> {
    return await this.#on(run, (handle) => handle.executeUpdate(retryFailedUpdate));
  }

  /** The original input of a run, to start it again with. @throws PredictLabError BadInput when a part of it was deleted */
  async givenInput(run: { readonly runId: string; readonly executionId: string; readonly input: PipelineInput }): Promise<PipelineInput> {
    return await this.#calls.make(() => givenInput(this.#client, run));
  }

  /** Requests cancellation: the run winds down and closes as Canceled. @throws PredictLabError BadInput when it is closed already */
  async cancel(run: RunName): Promise<void> {
    const handle = await this.#handle(run);
    // Temporal silently ignores the cancellation of a closed workflow.
    await this.#calls.onRun(handle, async () => {
      const { status } = await handle.describe();
      if (status.name !== 'RUNNING') throw await this.#calls.notOpen(handle);
      await handle.cancel();
    });
  }

  /** All open runs and the last closed ones from Temporal, newest first, including runs that never reached the database. */
  async recentRuns(limit = 20): Promise<readonly TemporalRun[]> {
    return await this.#calls.make(() => recentRuns(this.#client, { taskQueue: this.#taskQueue, limit }));
  }

  /** Whether a run is open, and its ids; undefined when Temporal does not know it. */
  async describe(run: RunName): Promise<KnownRun | undefined> {
    try {
      const handle = await this.#handle(run);
      const description = await this.#calls.make(() => handle.describe());
      const executionId = description.raw.workflowExecutionInfo?.firstRunId || description.runId;
      return {
        runId: description.workflowId,
        executionId,
        open: description.status.name === 'RUNNING',
        closeStatus: description.status.name,
        closedAt: description.closeTime ?? null,
      };
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return undefined;
      throw error;
    }
  }

  /** Why no worker would take a new run of this task queue, as the end of a sentence; undefined if a worker is running. */
  async missingWorker(): Promise<string | undefined> {
    return await this.#calls.missingWorker();
  }

  /** The newest `last` open and the newest `last` closed executions of each workflow type of this task queue. */
  async *histories(last: number): AsyncGenerator<RecentHistory> {
    yield* recentHistories(this.#client, { taskQueue: this.#taskQueue, last });
  }

  /** The workers that polled this task queue in the last minutes. */
  async polling(): Promise<Polling> {
    return await this.#calls.polling();
  }

  /** The hashes that mark the databases of this task queue's workers, as far as their identities contain one; see `databaseMark`. */
  async workerDatabases(): Promise<readonly string[]> {
    return (await this.#calls.polling()).pollers.flatMap(({ identity, up }) => (up ? (markOfIdentity(identity) ?? []) : []));
  }

  async close(): Promise<void> {
    // A running call would keep the process alive until its deadline, and a wait for a result would be retried on the closed channel.
    this.#closing.abort();
    this.#calls.close();
    await this.#client.connection.close();
  }

  async #handle(run: RunName): Promise<WorkflowHandle<typeof pipeline>> {
    return await handleOf(this.#client, run);
  }

  /** Queries a run and describes it at the same time. The description is a promise, so that an error of the query comes first. */
  async #queried<T>(
    handle: WorkflowHandle<typeof pipeline>,
    query: () => Promise<T>,
  ): Promise<readonly [T, Promise<WorkflowExecutionDescription>]> {
    const described = handle.describe();
    // awaited by the caller after the query; if that fails, this error counts no more
    described.catch(() => undefined);
    return [await this.#calls.onRun(handle, query), described];
  }

  async #on<T>(run: RunName, call: (handle: WorkflowHandle<typeof pipeline>) => Promise<T>): Promise<T> {
    const handle = await this.#handle(run);
    return await this.#calls.onRun(handle, () => call(handle));
  }
}

export type { FollowedRun, PendingAttempt, RunName, StartedRun, StartOptions, TemporalRun };
export { RunEnded };
