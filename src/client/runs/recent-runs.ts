import type { Client, WorkflowExecutionInfo } from '@temporalio/client';

/** A run as Temporal knows it. */
export interface TemporalRun {
  readonly runId: string;
  readonly executionId: string;
  readonly startedAt: string;
  /** null while it is open */
  readonly closedAt: string | null;
  /** How it was closed; a run that ended by itself recorded more in the database. */
  readonly ended: 'open' | 'succeeded' | 'failed' | 'cancelled';
}

const ENDED: Readonly<Record<string, TemporalRun['ended']>> = { RUNNING: 'open', COMPLETED: 'succeeded', CANCELLED: 'cancelled' };

/**
 * The last `pipeline` workflows of a task queue, newest first: every open one, and as many closed ones as asked for. Those
 * that went on as new are one run. Another desk may share the Temporal server, on a queue of its own.
 */
export async function recentRuns(
  client: Client,
  { taskQueue, limit }: { taskQueue: string; limit: number },
): Promise<readonly TemporalRun[]> {
  const which = `WorkflowType = "pipeline" AND TaskQueue = "${taskQueue}"`;
  const open = await listed(client, `${which} AND ExecutionStatus = "Running"`, Number.POSITIVE_INFINITY);
  const closed = await listed(client, `${which} AND ExecutionStatus != "Running" AND ExecutionStatus != "ContinuedAsNew"`, limit);
  // one that ends between the two questions is in both answers
  const over = new Set(closed.map(({ executionId }) => executionId));
  return [...open.filter(({ executionId }) => !over.has(executionId)), ...closed].sort((a, b) => b.startedAt.localeCompare(a.startedAt));
}

async function listed(client: Client, query: string, limit: number): Promise<TemporalRun[]> {
  const runs: TemporalRun[] = [];
  for await (const found of client.workflow.list({ query })) {
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
