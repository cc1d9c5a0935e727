import type { Client } from '@temporalio/client';

export interface OpenRun {
  readonly runId: string;
  readonly executionId: string;
  readonly startedAt: string;
}

/** The `pipeline` workflows of this task queue that are open now, newest first: another desk may share the Temporal server. */
export async function openRuns(client: Client, taskQueue: string): Promise<readonly OpenRun[]> {
  const runs: OpenRun[] = [];
  for await (const { workflowId, runId, startTime } of client.workflow.list({
    query: `WorkflowType = "pipeline" AND ExecutionStatus = "Running" AND TaskQueue = "${taskQueue}"`,
  })) {
    runs.push({ runId: workflowId, executionId: runId, startedAt: startTime.toISOString() });
  }
  return runs.sort((a, b) => b.startedAt.localeCompare(a.startedAt));
}
