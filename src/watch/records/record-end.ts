import { resultOfLedger } from '../../activities/report/queries/run-query.ts';
import { RunEnded } from '../../client/runs/run-outcome.ts';
import type { KnownRun, PredictLab } from '../../client.ts';
import { messageOf } from '../../contracts/errors.ts';
import type { PipelineResult, StageStats, TaskResult } from '../../contracts/run/pipeline-status.ts';
import { type RunResult, STAGES, type Stage, TASK_STATUSES, type TaskStatus } from '../../contracts/words.ts';
import { observeRun } from '../../incidents/rows/observe-run.ts';
import { buildGraph } from '../../scheduling/graph/graph.ts';
import { STAGE_DETAIL_LIMIT } from '../../scheduling/run/run-events.ts';
import type { Database } from '../../storage/database/database.ts';
import { databaseMark } from '../../storage/database/migrate.ts';
import { openRuns } from '../../storage/runs/open-runs.ts';
import { type LedgerTask, ledgerTasks } from '../../storage/runs/run-rows.ts';
import { endRun, runOf, type StoredRun } from '../../storage/runs/runs.ts';

type Lab = Pick<PredictLab, 'describe' | 'status' | 'result' | 'workerDatabases'>;

/**
 * The result of an ended run. If the run could not record it (terminated, timed out, database unavailable), it is read from Temporal, else
 * from the ledger, and recorded.
 * @returns undefined if the run is open, or if its state is unknown because the workers of this Temporal server have another database
 */
export async function recordedEnd(lab: Lab, database: Database, stored: StoredRun): Promise<PipelineResult | undefined> {
  if (stored.status !== null) return stored.status;
  const known = await lab.describe(stored);
  if (known?.open || (known === undefined && (await belongsToOthers(lab, database)))) return undefined;
  const result =
    (known === undefined ? undefined : await asTemporalHasIt(lab, stored, known)) ?? (await fromLedger(database, stored, known));
  const { executionId } = stored;
  await database.transaction(async (transaction) => {
    await endRun(transaction, { executionId, result });
    await observeRun(transaction, { executionId, result });
  });
  return result;
}

/** Records the ends of runs that are open in the database although Temporal reports them as closed or does not know them. */
export async function recordEnds(lab: Lab, database: Database): Promise<void> {
  for (const executionId of await openRuns(database, Date.now())) {
    const stored = await runOf(database, executionId);
    if (stored !== undefined) await recordedEnd(lab, database, stored);
  }
}

/** Whether all workers of this Temporal server have another database, so that the server may not know the runs of this one. */
async function belongsToOthers(lab: Lab, database: Database): Promise<boolean> {
  const theirs = await lab.workerDatabases();
  const own = await databaseMark(database);
  return own !== undefined && theirs.length > 0 && !theirs.includes(own);
}

/** The result that Temporal has of a run; undefined if there is none, or if no worker is running to answer for it. */
async function asTemporalHasIt(lab: Lab, stored: StoredRun, { closeStatus }: KnownRun): Promise<PipelineResult | undefined> {
  try {
    return await lab.result(stored);
  } catch (error) {
    if (!(error instanceof RunEnded)) throw error;
    if (error.partial !== undefined) return error.partial;
    const status = await lab.status(stored).catch(() => undefined);
    if (status === undefined || status.totalTasks === 0) return undefined;
    return { ...status, result: closeStatus === 'CANCELLED' ? 'cancelled' : 'failed', reasons: [messageOf(error)] };
  }
}

async function fromLedger(database: Database, stored: StoredRun, known: KnownRun | undefined): Promise<PipelineResult> {
  const how =
    known === undefined
      ? `run ${stored.runId} did not record its end, and Temporal no longer has it: tasks that are not in the ledger count as cut off`
      : `run ${stored.runId} was ended from outside (${known.closeStatus.toLowerCase().replaceAll('_', ' ')})`;
  const result = ledgerStatus(stored, await ledgerTasks(database, stored), { closedAt: known?.closedAt, how });
  return known?.closeStatus === 'CANCELLED' ? { ...result, result: 'cancelled' } : result;
}

/**
 * The result of a run that is known only from the ledger: tasks that took effect succeeded, all others count as cancelled.
 * @param tasks every task of the run's ledger
 * @param end.closedAt when the run was closed @default when its last task ended
 * @param end.how one sentence that says how the run ended
 */
export function ledgerStatus(
  { runId, config, startedAt }: Pick<StoredRun, 'runId' | 'config' | 'startedAt'>,
  tasks: readonly LedgerTask[],
  { closedAt, how }: { closedAt?: Date | null; how: string },
): PipelineResult {
  const done = new Map(tasks.map((task) => [task.taskId, task]));
  const built = buildGraph(config);
  const ids = 'graph' in built ? built.graph.ids : [...done.keys()];
  const began = Date.parse(startedAt);
  const ended = closedAt?.getTime() ?? Math.max(began, ...tasks.map((task) => task.startedAt.getTime() + task.durationSeconds * 1000));
  const byTask = Object.fromEntries(
    ids.map((taskId): [string, TaskResult] => {
      const task = done.get(taskId);
      return [taskId, task === undefined ? { status: 'cancelled' } : resultOfLedger(task)];
    }),
  );
  const breakdown = Object.fromEntries(TASK_STATUSES.map((status) => [status, 0])) as Record<TaskStatus, number>;
  for (const { status } of Object.values(byTask)) breakdown[status]++;
  const symbols = config.symbols.map(({ symbol }) => symbol);
  return {
    runId,
    paused: false,
    maxConcurrent: config.maxConcurrent,
    totalTasks: ids.length,
    completedTasks: ids.length,
    progress: 1,
    startedAt,
    finishedAt: new Date(ended).toISOString(),
    durationSeconds: Math.max(0, ended - began) / 1000,
    statusBreakdown: breakdown,
    stageStats: stageStats(tasks),
    taskResults: symbols.length > STAGE_DETAIL_LIMIT ? bySymbol(byTask, symbols) : byTask,
    result: ledgerVerdict(Object.values(byTask)),
    reasons: [how, ...ledgerReasons(tasks)],
  };
}

/** The verdict of a run that is known only from the ledger: `failed` unless every task took effect. */
function ledgerVerdict(results: readonly TaskResult[]): RunResult {
  if (results.some(({ status }) => status !== 'success')) return 'failed';
  return results.some(({ degraded }) => degraded !== undefined) ? 'degraded' : 'success';
}

const ledgerReasons = (tasks: readonly LedgerTask[]): string[] =>
  tasks.flatMap(({ taskId, degraded }) => (degraded ?? []).map((reason) => `${taskId}: ${reason}`)).slice(0, 20);

function bySymbol(byTask: Readonly<Record<string, TaskResult>>, symbols: readonly string[]): Record<string, TaskResult> {
  const results = new Map<string, TaskResult>();
  for (const symbol of symbols) {
    const stages = STAGES.flatMap((stage) => byTask[`${symbol}/${stage}`] ?? []);
    const first = stages.find(({ startedAt }) => startedAt)?.startedAt;
    const status = stages.every((stage) => stage.status === 'success') ? 'success' : 'cancelled';
    results.set(symbol, { status, attempts: stages.reduce((sum, { attempts = 0 }) => sum + attempts, 0), startedAt: first ?? null });
  }
  const builtIn = new Set(symbols.flatMap((symbol) => STAGES.map((stage) => `${symbol}/${stage}`)));
  for (const [taskId, result] of Object.entries(byTask)) if (!builtIn.has(taskId)) results.set(taskId, result);
  return Object.fromEntries(results);
}

function stageStats(tasks: readonly LedgerTask[]): Partial<Record<Stage, StageStats>> {
  const stats: Partial<Record<Stage, StageStats>> = {};
  for (const stage of STAGES) {
    const seconds = tasks.filter((task) => task.stage === stage).map(({ durationSeconds }) => durationSeconds);
    if (seconds.length === 0) continue;
    const meanSeconds = seconds.reduce((sum, one) => sum + one, 0) / seconds.length;
    stats[stage] = { count: seconds.length, successRate: 1, meanSeconds, maxSeconds: Math.max(...seconds) };
  }
  return stats;
}
