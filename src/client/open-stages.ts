import type { Client, WorkflowClient } from '@temporalio/client';
import type { PipelineStatus, TaskResult } from '../contracts/run/pipeline-status.ts';
import type { TaskReport } from '../contracts/task/stage-report.ts';
import { stagesQuery } from '../workflows/handlers.ts';

/** Most children that are queried for one status: as many as a large run keeps open. */
const MAX_CHILDREN = 200;

/**
 * Adds the stages of running symbols to a status by symbol (runs of more than 50 symbols), by querying the open children. A status by
 * stage is returned unchanged.
 */
export async function fillInStages(client: Client, status: PipelineStatus): Promise<PipelineStatus> {
  const running = Object.entries(status.taskResults).filter(([taskId, task]) => task.status === 'running' && !taskId.includes('/'));
  if (running.length === 0 || status.finishedAt !== null) return status;
  const stages = await Promise.all(
    running.slice(0, MAX_CHILDREN).map(async ([symbol]) => await stagesOfChild(client.workflow, status.runId, symbol)),
  );
  return { ...status, taskResults: Object.assign({ ...status.taskResults }, ...stages) as Record<string, TaskResult> };
}

/** Queries a running symbol's workflow for its stages, by task id; empty for a custom task and once the workflow has ended. */
export async function stagesOfChild(client: WorkflowClient, runId: string, symbol: string): Promise<Record<string, TaskResult>> {
  const reports = await client
    .getHandle(`${runId}/${symbol}`)
    .query(stagesQuery)
    .catch(() => []);
  return Object.fromEntries(reports.map((report) => [report.taskId, resultOfReport(report)]));
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
