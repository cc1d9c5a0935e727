import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import type { History } from '@temporalio/common/lib/proto-utils.js';
import { listExecutions } from '../list-executions.ts';

/** The history of one execution so far. */
export interface RecentHistory {
  readonly type: string;
  readonly workflowId: string;
  readonly history: History;
}

/** Our workflow types; all other types on the queue together count as one more. */
const TYPES = ['pipeline', 'symbolPipeline'] as const;

/**
 * Yields histories of a task queue: for each workflow type the newest `last` open ones and the newest `last` closed ones. They are
 * fetched one at a time; those that Temporal deletes meanwhile are left out.
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
  for await (const { workflowId, runId, type } of listExecutions(client, { query, pageSize: Math.min(last, 1_000) })) {
    if (left-- <= 0) return;
    try {
      yield { type, workflowId, history: await client.workflow.getHandle(workflowId, runId).fetchHistory() };
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
  }
}
