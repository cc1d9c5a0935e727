import type { Client, WorkflowClient, WorkflowExecutionDescription, WorkflowHandle } from '@temporalio/client';
import { decodeArrayFromPayloads } from '@temporalio/common/lib/internal-non-workflow/index.js';
import type { PipelineStatus, TaskResult } from '../../contracts/run/pipeline-status.ts';
import type { TaskReport } from '../../contracts/task/stage-report.ts';
import { STAGES, stageTaskId } from '../../contracts/words.ts';
import { withChanges } from '../../scheduling/run/status/status-changes.ts';
import { stagesQuery, statusSinceQuery } from '../../workflows/handlers.ts';
import type { pipeline } from '../../workflows/pipeline.ts';
import { listingSentence, pendingAttempts } from '../pending-attempts.ts';
import type { TemporalCalls } from '../temporal-calls.ts';

/** Milliseconds between checks whether the run was terminated or timed out, which its workflow cannot report. */
const DESCRIBED_EVERY_MS = 2_000;

/** Follows the status of a run: each query returns only what has changed. */
export class FollowedRun {
  readonly #calls: TemporalCalls;
  readonly #client: Client;
  readonly #handle: WorkflowHandle<typeof pipeline>;
  readonly #now: () => number;
  #known: PipelineStatus | undefined;
  #revision: string | undefined;
  #described: number;
  /** Number of results of tasks or symbols in the last answer. */
  heard = 0;

  constructor(calls: TemporalCalls, client: Client, handle: WorkflowHandle<typeof pipeline>, now: () => number = Date.now) {
    this.#calls = calls;
    this.#client = client;
    this.#handle = handle;
    this.#now = now;
    this.#described = now();
  }

  /**
   * The current status, as from `PredictLab.status`. For a run of more than 50 symbols it lists symbols instead of stages.
   * @param options.withinMs milliseconds to wait for the answer @default 10 s
   */
  async status({ withinMs }: { readonly withinMs?: number } = {}): Promise<PipelineStatus> {
    const answer = await this.#calls.onRun(
      this.#handle,
      () => this.#handle.query(statusSinceQuery, this.#revision ?? null, this.#now()),
      withinMs,
    );
    const status = withChanges(this.#known, answer);
    this.#known = status;
    this.#revision = answer.revision;
    this.heard = Object.keys(answer.taskResults).length;
    if (status.finishedAt !== null || this.#now() - this.#described < DESCRIBED_EVERY_MS) return status;
    this.#described = this.#now();
    const { closeTime } = await this.#calls.make(() => this.#handle.describe());
    // A run that closed a moment ago has probably ended by itself, and its next answer reports that.
    return closeTime === undefined || this.#now() - closeTime.getTime() < DESCRIBED_EVERY_MS ? status : cutOff(status, closeTime);
  }

  /** A sentence about the listing of universes before the run's first task; undefined for a run that lists none now. */
  async listing(): Promise<string | undefined> {
    return listingSentence(
      await this.#calls.make(async () => await pendingAttempts(this.#client, await this.#handle.describe(), new Set())),
    );
  }

  /** The stages of one running symbol, by task id, for runs of more than 50 symbols. */
  async stagesOf(symbol: string): Promise<Readonly<Record<string, TaskResult>>> {
    return await this.#calls.onRun(this.#handle, async () => await stagesOf(this.#client, await this.#handle.describe(), [symbol]));
  }
}

/** Maximum number of symbols whose stages are added to one status; a large run has about as many running symbols. */
const MAX_SYMBOLS = 200;

/** Adds the stages of running symbols to a status that lists symbols (runs of more than 50 symbols). */
export async function fillInStages(client: Client, run: WorkflowExecutionDescription, status: PipelineStatus): Promise<PipelineStatus> {
  const running = Object.entries(status.taskResults).filter(([taskId, task]) => task.status === 'running' && !taskId.includes('/'));
  if (running.length === 0 || status.finishedAt !== null) return status;
  const symbols = running.slice(0, MAX_SYMBOLS).map(([symbol]) => symbol);
  const stages = await stagesOf(client, run, symbols);
  return { ...status, taskResults: { ...status.taskResults, ...stages } };
}

/** The stages of running symbols, by task id: from the heartbeats of the run's own activities, or else from the symbol's workflow. */
export async function stagesOf(
  client: Client,
  run: WorkflowExecutionDescription,
  symbols: readonly string[],
): Promise<Record<string, TaskResult>> {
  const activities = await stagesInActivities(client, run);
  const results = await Promise.all(
    symbols.map(async (symbol) => {
      const running = activities.get(symbol);
      const reports = running ?? (await stagesOfChild(client.workflow, run.workflowId, symbol));
      return [
        ...(running === undefined ? [] : stagesBefore(symbol, running)),
        ...reports.map((report): [string, TaskResult] => [report.taskId, resultOfReport(report)]),
      ];
    }),
  );
  return Object.fromEntries(results.flat());
}

/**
 * What a task of a running symbol does, by the stages that the symbol itself reports: a run of more than 50 symbols only knows that the
 * symbol is running. Undefined where the stages do not tell.
 */
export function whyInside(stages: Readonly<Record<string, TaskResult>>, taskId: string, now: number): string | undefined {
  const [running, { startedAt, attempts = 1 } = {}] = Object.entries(stages).find(([, { status }]) => status === 'running') ?? [];
  if (running === undefined || !startedAt) return undefined;
  const retried = attempts > 1 ? `, attempt ${attempts}` : '';
  if (running === taskId || running.startsWith(`${taskId}/`))
    return `${running} is running for ${Math.max(0, Math.round((now - Date.parse(startedAt)) / 1000))} s${retried}`;
  if (stages[taskId]?.status === 'success') return `${taskId} succeeded`;
  const symbol = running.slice(0, Math.max(0, running.lastIndexOf('/')));
  const ids = STAGES.map((stage) => stageTaskId(symbol, stage));
  return ids.indexOf(taskId) > ids.indexOf(running) ? `${taskId} is waiting for ${running} (running)` : undefined;
}

/** The stages before those that a symbol's activity reports. They succeeded in an earlier activity, which is not known to this one. */
function stagesBefore(symbol: string, [first]: readonly TaskReport[]): readonly [string, TaskResult][] {
  const taskIds = STAGES.map((stage) => stageTaskId(symbol, stage));
  return taskIds.slice(0, Math.max(0, taskIds.indexOf(first.taskId))).map((taskId) => [taskId, { status: 'success' }]);
}

/** Queries a symbol's workflow for its stages; empty for a custom task and once the workflow has ended. */
async function stagesOfChild(client: WorkflowClient, runId: string, symbol: string): Promise<readonly TaskReport[]> {
  return await client
    .getHandle(`${runId}/${symbol}`)
    .query(stagesQuery)
    .catch(() => []);
}

/**
 * The stages of the symbols that run without a child workflow, by symbol, as the heartbeats of their activities report them. Short custom
 * tasks that share an activity are included, under the id of the first one.
 */
async function stagesInActivities(client: Client, { raw }: WorkflowExecutionDescription): Promise<Map<string, readonly TaskReport[]>> {
  const found = new Map<string, readonly TaskReport[]>();
  for (const { activityId: taskId, lastStartedTime, heartbeatDetails } of raw.pendingActivities ?? []) {
    if (!taskId || !lastStartedTime) continue;
    const [beat] = await decodeArrayFromPayloads(client.options.loadedDataConverter, heartbeatDetails?.payloads);
    const started: TaskReport = { taskId, kind: 'started', at: Number(lastStartedTime.seconds) * 1000 };
    const { progress } = (beat ?? {}) as { progress?: readonly TaskReport[] };
    if (taskId.includes('/')) found.set(taskId.slice(0, taskId.lastIndexOf('/')), progress ?? [started]);
    else if (progress !== undefined) found.set(taskId, progress);
  }
  return found;
}

function resultOfReport(report: TaskReport): TaskResult {
  if (report.kind === 'started') return { status: 'running', attempts: 1, startedAt: new Date(report.at).toISOString() };
  const common = {
    attempts: report.attempts,
    startedAt: new Date(report.startedAt).toISOString(),
    durationSeconds: (report.at - report.startedAt) / 1000,
  };
  if (report.kind === 'succeeded') return { status: 'success', ...common, output: report.output, degraded: report.degraded };
  if (report.kind === 'cancelled') return { status: 'cancelled', ...common };
  return { status: report.kind === 'failed' ? 'failed' : 'pending', ...common, error: report.error };
}

/** Corrects the last status of a run that was terminated or timed out, because its workflow cannot: open tasks become `cancelled`. */
export function cutOff(status: PipelineStatus, closedAt: Date): PipelineStatus {
  const { pending, running, cancelled } = status.statusBreakdown;
  const ended = Math.max(0, closedAt.getTime() - Date.parse(status.startedAt)) / 1000;
  return {
    ...status,
    completedTasks: status.totalTasks,
    progress: 1,
    finishedAt: closedAt.toISOString(),
    durationSeconds: ended,
    statusBreakdown: { ...status.statusBreakdown, pending: 0, running: 0, cancelled: cancelled + pending + running },
    taskResults: Object.fromEntries(Object.entries(status.taskResults).map(([taskId, task]) => [taskId, taskCutOff(task, closedAt)])),
  };
}

function taskCutOff(task: TaskResult, closedAt: Date): TaskResult {
  if (task.status !== 'running' && task.status !== 'pending') return task;
  if (!task.startedAt) return { ...task, status: 'cancelled' };
  return { ...task, status: 'cancelled', durationSeconds: Math.max(0, closedAt.getTime() - Date.parse(task.startedAt)) / 1000 };
}
