import { type Client, type ListOptions, WorkflowClient, type WorkflowExecutionInfo, type WorkflowHandle } from '@temporalio/client';
import type { pipeline } from '../workflows/pipeline.ts';

/** A run by its id (the newest run with that id), by a Temporal run id (that execution), or by both. */
export type RunName = string | { readonly runId: string; readonly executionId: string };

const TEMPORAL_RUN_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Finds the workflow of a run; for a run that continued as new, its last execution. */
export async function handleOf(client: Client, run: RunName): Promise<WorkflowHandle<typeof pipeline>> {
  const named = typeof run === 'string' ? await byTemporalRunId(client, run) : run;
  if (named === undefined) return client.workflow.getHandle(run as string);
  return client.workflow.getHandle(named.runId, await lastOfChain(client, named));
}

async function byTemporalRunId(client: Client, run: string): Promise<Exclude<RunName, string> | undefined> {
  if (!TEMPORAL_RUN_ID.test(run)) return undefined;
  for await (const { workflowId, runId } of listExecutions(client, { query: `RunId = "${run}"` }))
    return { runId: workflowId, executionId: runId };
  return undefined;
}

async function lastOfChain(client: Client, { runId: workflowId, executionId }: Exclude<RunName, string>): Promise<string> {
  for (let last = executionId; ; ) {
    const { status } = await client.workflow.getHandle(workflowId, last).describe();
    if (status.name !== 'CONTINUED_AS_NEW') return last;
    const { history } = await client.workflowService.getWorkflowExecutionHistory({
      namespace: client.options.namespace,
      execution: { workflowId, runId: last },
      // Temporal's number for "only the closing event".
      historyEventFilterType: 2,
    });
    const next = history?.events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId;
    if (!next) return last;
    last = next;
  }
}

/** Codec that replaces each memo in a list by null, because one memo that cannot be decoded would fail the whole list. */
const NO_MEMOS = {
  encode: async <Payload>(payloads: Payload[]): Promise<Payload[]> => payloads,
  decode: async (payloads: readonly unknown[]) => payloads.map(() => ({ metadata: { encoding: new TextEncoder().encode('binary/null') } })),
};

/** Lists workflow executions without their memos, so that a memo of another program cannot fail the list. */
export const listExecutions = ({ connection, options }: Client, query: ListOptions): AsyncIterable<WorkflowExecutionInfo> =>
  new WorkflowClient({ connection, namespace: options.namespace, dataConverter: { payloadCodecs: [NO_MEMOS] } }).list(query);
