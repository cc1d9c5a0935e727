import type { EventEmitter } from 'node:events';
import { isGrpcServiceError } from '@temporalio/client';
import type { NativeConnection, Worker } from '@temporalio/worker';
import type { QueueLengths, RunExecution } from '../telemetry/queue-lengths.ts';

/** gRPC's code for something that does not exist. */
const NOT_FOUND = 5;

/**
 * Removes runs from a worker's queue lengths that it no longer executes: runs that leave its cache because they ended or moved to
 * another worker, and runs that were ended from outside, of which Temporal notifies no worker.
 */
export function dropRunsThatLeft(
  queue: QueueLengths,
  { worker, connection, namespace }: { worker: Worker; connection: NativeConnection; namespace: string },
): void {
  // The SDK uses this emitter for its replay workers; it has no public API for it.
  const { evictionsEmitter } = worker as unknown as { readonly evictionsEmitter: EventEmitter<{ eviction: [{ runId: string }] }> };
  evictionsEmitter.on('eviction', ({ runId }) => queue.remove(runId));
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
