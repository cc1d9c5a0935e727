import { type Client, type ListOptions, WorkflowClient, type WorkflowExecutionInfo } from '@temporalio/client';

/** Payloads of a list are memos, which are not needed here: one that cannot be decoded would fail the whole list. */
const NO_MEMOS = {
  encode: async <Payload>(payloads: Payload[]): Promise<Payload[]> => payloads,
  decode: async (payloads: readonly unknown[]) => payloads.map(() => ({ metadata: { encoding: new TextEncoder().encode('binary/null') } })),
};

/** Lists workflow executions without their memos, so that no foreign memo keeps others from being listed. */
export const listExecutions = ({ connection, options }: Client, query: ListOptions): AsyncIterable<WorkflowExecutionInfo> =>
  new WorkflowClient({ connection, namespace: options.namespace, dataConverter: { payloadCodecs: [NO_MEMOS] } }).list(query);
