import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import type { History } from '@temporalio/common/lib/proto-utils.js';

/** What happened in one execution so far. */
export interface RecentHistory {
  readonly type: string;
  readonly workflowId: string;
  readonly history: History;
}

/** The types of ours; whatever else is on the queue counts as one more. */
const TYPES = ['pipeline', 'symbolPipeline'] as const;

/**
 * Histories of a task queue: of each workflow type the newest that are open and the newest that are closed, as many as asked
 * for. One is fetched at a time; those that Temporal forgets meanwhile are left out.
 */
export async function* recentHistories(
  client: Client,
  { taskQueue, last }: { taskQueue: string; last: number },
): AsyncGenerator<RecentHistory> {
  const which = [
    ...TYPES.map((type) => `WorkflowType = "${type}"`),
    `WorkflowType NOT IN (${TYPES.map((type) => `"${type}"`).join(', ')})`,
  ];
  for (const type of which) {
    for (const state of ['ExecutionStatus = "Running"', 'ExecutionStatus != "Running"'])
      yield* newest(client, `TaskQueue = "${taskQueue}" AND ${type} AND ${state}`, last);
  }
}

async function* newest(client: Client, query: string, last: number): AsyncGenerator<RecentHistory> {
  let left = last;
  for await (const { workflowId, runId, type } of client.workflow.list({ query, pageSize: Math.min(last, 1_000) })) {
    if (left-- <= 0) return;
    try {
      yield { type, workflowId, history: await client.workflow.getHandle(workflowId, runId).fetchHistory() };
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
  }
}
