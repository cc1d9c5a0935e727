import type { Client, WorkflowHandle } from '@temporalio/client';
import type { pipeline } from '../workflows/pipeline.ts';

/**
 * How a run is named: by its id, which means the newest run that has it; by a Temporal run id, which means that very one; or
 * by both, for whoever has them.
 */
export type RunName = string | { readonly runId: string; readonly executionId: string };

const TEMPORAL_RUN_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The workflow that a name means; of a run that went on as new, where it is now. */
export async function handleOf(client: Client, run: RunName): Promise<WorkflowHandle<typeof pipeline>> {
  const named = typeof run === 'string' ? await byTemporalRunId(client, run) : run;
  if (named === undefined) return client.workflow.getHandle(run as string);
  return client.workflow.getHandle(named.runId, await lastOfChain(client, named));
}

async function byTemporalRunId(client: Client, run: string): Promise<Exclude<RunName, string> | undefined> {
  if (!TEMPORAL_RUN_ID.test(run)) return undefined;
  for await (const { workflowId, runId } of client.workflow.list({ query: `RunId = "${run}"` }))
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
      // only the event that closed it
      historyEventFilterType: 2,
    });
    const next = history?.events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId;
    if (!next) return last;
    last = next;
  }
}
