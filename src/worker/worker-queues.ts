import type { EventEmitter } from 'node:events';
import { isGrpcServiceError } from '@temporalio/client';
import type { NativeConnection, Worker } from '@temporalio/worker';
import type { QueueLengths, RunExecution } from '../telemetry/queue-lengths.ts';

/** gRPC's code for what is not there. */
const NOT_FOUND = 5;

/**
 * Takes the runs out of a worker's queue lengths that it no longer drives: those that leave its cache, because they ended or
 * another worker has them, and those that were ended from outside, of which Temporal tells no worker.
 */
export function dropRunsThatLeft(
  queue: QueueLengths,
  { worker, connection, namespace }: { worker: Worker; connection: NativeConnection; namespace: string },
): void {
  // What the SDK tells its own replay workers; it has no public word for it.
  const { evictionsEmitter } = worker as unknown as { readonly evictionsEmitter: EventEmitter<{ eviction: [{ runId: string }] }> };
  evictionsEmitter.on('eviction', ({ runId }) => queue.gone(runId));
  queue.onSilence((execution) => isOpen(connection, namespace, execution));
}

async function isOpen(connection: NativeConnection, namespace: string, { workflowId, runId }: RunExecution): Promise<boolean> {
  try {
    const { workflowExecutionInfo } = await connection.workflowService.describeWorkflowExecution({
      namespace,
      execution: { workflowId, runId },
    });
    return workflowExecutionInfo?.closeTime === null || workflowExecutionInfo?.closeTime === undefined;
  } catch (error) {
    if (isGrpcServiceError(error) && (error.code as number) === NOT_FOUND) return false;
    throw error;
  }
}
