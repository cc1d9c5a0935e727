import type { Client } from '@temporalio/client';

export interface OpenRun {
  readonly runId: string;
  readonly executionId: string;
  readonly startedAt: string;
}

/** The `pipeline` workflows that are open now, newest first. */
export async function openRuns(client: Client): Promise<readonly OpenRun[]> {
  const runs: OpenRun[] = [];
  for await (const { workflowId, runId, startTime } of client.workflow.list({
    query: 'WorkflowType = "pipeline" AND ExecutionStatus = "Running"',
  })) {
    runs.push({ runId: workflowId, executionId: runId, startedAt: startTime.toISOString() });
  }
  return runs.sort((a, b) => b.startedAt.localeCompare(a.startedAt));
}
