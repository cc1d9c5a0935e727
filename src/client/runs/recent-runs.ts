import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { listExecutions } from '../executions.ts';

export interface TemporalRun {
  readonly runId: string;
  readonly executionId: string;
  readonly startedAt: string;
  /** null while the run is open */
  readonly closedAt: string | null;
  /** How the run was closed. For a run that ended by itself, the database has its verdict. */
  readonly ended: 'open' | 'succeeded' | 'failed' | 'cancelled';
}

const ENDED: Readonly<Record<string, TemporalRun['ended']>> = { RUNNING: 'open', COMPLETED: 'succeeded', CANCELLED: 'cancelled' };

/**
 * Lists all open `pipeline` workflows of a task queue and the last `limit` closed ones, newest first; a run that continued as new counts
 * once. Other installations on the same Temporal server are left out, because they use other task queues.
 */
export async function recentRuns(
  client: Client,
  { taskQueue, limit }: { taskQueue: string; limit: number },
): Promise<readonly TemporalRun[]> {
  const which = `WorkflowType = "pipeline" AND TaskQueue = "${taskQueue}"`;
  const open = await listed(client, `${which} AND ExecutionStatus = "Running"`, Number.POSITIVE_INFINITY);
  const closed = await listed(client, `${which} AND ExecutionStatus != "Running" AND ExecutionStatus != "ContinuedAsNew"`, limit);
  // A run that ends between the two calls is in both answers.
  const over = new Set(closed.map(({ executionId }) => executionId));
  return [...open.filter(({ executionId }) => !over.has(executionId)), ...closed].sort((a, b) => b.startedAt.localeCompare(a.startedAt));
}

async function listed(client: Client, query: string, limit: number): Promise<TemporalRun[]> {
  const runs: TemporalRun[] = [];
  for await (const found of listExecutions(client, { query })) {
    if (runs.length >= limit) break;
    runs.push(runOf(found));
  }
  return runs;
}

const runOf = ({ workflowId, runId, startTime, closeTime, status }: WorkflowExecutionInfo): TemporalRun => ({
  runId: workflowId,
  executionId: runId,
  startedAt: startTime.toISOString(),
  closedAt: closeTime?.toISOString() ?? null,
  ended: ENDED[status.name] ?? 'failed',
});
