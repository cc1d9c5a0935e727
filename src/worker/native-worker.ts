import type { EventEmitter } from 'node:events';
import { DefaultLogger, makeTelemetryFilterString, NativeConnection, Runtime, Worker, type WorkerOptions } from '@temporalio/worker';
import { temporalRefused, type temporalSettings } from '../client/connection/temporal-connection.ts';
import { badInput, messageOf } from '../contracts/errors.ts';
import type { Log } from '../contracts/log.ts';
import type { DeploymentVersion } from '../contracts/worker/deployment-version.ts';
import { WORKER_HEARTBEAT_MS } from '../contracts/worker/worker-identity.ts';
import { onFreePort } from '../set-up/temporal/free-port.ts';
import type { QueueLengths, RunExecution } from '../telemetry/queue-lengths.ts';
import { workflowCode, workflowMark } from './build-id.ts';

let installed: Promise<string> | undefined;

/** Installs the SDK's native runtime, once per process. @returns the address that serves the SDK's own metrics, which `/metrics` includes */
export async function installRuntime(log: Log): Promise<string> {
  installed ??= onFreePort((port) => {
    const sdkMetrics = `127.0.0.1:${port}`;
    Runtime.install({
      logger: new DefaultLogger('WARN', ({ level, message, meta }) => {
        const fields = { ...meta, sdk: true };
        if (level === 'ERROR') log.error(message, fields);
        else log.warn(message, fields);
      }),
      telemetryOptions: {
        metrics: { prometheus: { bindAddress: sdkMetrics } },
        // The SDK's native core writes to our log instead of to standard error.
        logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }) },
      },
      // Short, so that commands that list workers notice within seconds that one was killed.
      workerHeartbeatInterval: WORKER_HEARTBEAT_MS,
      // Empty, because the process handles signals itself and closes its resources in order.
      shutdownSignals: [],
    });
    return sdkMetrics;
  });
  return await installed;
}

/** Connects the native client. @throws PredictLabError with the operating system's message */
export async function connectNative(temporal: ReturnType<typeof temporalSettings>): Promise<NativeConnection> {
  try {
    return await NativeConnection.connect(temporal.options as Parameters<typeof NativeConnection.connect>[0]);
  } catch (error) {
    // The native client's errors are Rust's debug output, which contains the operating system's message.
    const words = /message: "([^"]+)"/.exec(messageOf(error))?.[1];
    throw await temporalRefused(temporal, words ?? messageOf(error));
  }
}

/** Creates a worker. @throws PredictLabError `BadInput` for a namespace that Temporal does not have */
export async function createWorker(options: WorkerOptions): Promise<Worker> {
  try {
    return await Worker.create(options);
  } catch (error) {
    const unknown = /Namespace \S+ is not found/.exec(messageOf(error))?.[0];
    if (unknown === undefined) throw error;
    throw badInput(`${unknown}; set TEMPORAL_NAMESPACE to one that Temporal has`, { cause: error });
  }
}

/** Options of versioned workers: runs stay on the version they started with, so that builds with incompatible workflows can share a queue. */
export async function versionedCode(
  bundle: WorkerOptions['workflowBundle'],
  version: DeploymentVersion | undefined,
  sealing: boolean,
): Promise<Pick<WorkerOptions, 'workflowBundle' | 'workflowsPath' | 'buildId' | 'workerDeploymentOptions'>> {
  const code = bundle === undefined ? workflowCode(sealing) : { workflowBundle: bundle };
  if (version === undefined) return { ...code, buildId: await workflowMark(code) };
  const { name: deploymentName, buildId } = version;
  return {
    ...code,
    workerDeploymentOptions: { version: { deploymentName, buildId }, useWorkerVersioning: true, defaultVersioningBehavior: 'PINNED' },
  };
}

/** The gRPC status of an execution that the server does not have. */
const NOT_FOUND = 5;

/**
 * Removes from the metric of queue lengths all runs that this worker no longer executes: those that leave its cache (ended, or moved to
 * another worker), and those that were ended from outside, of which Temporal notifies no worker.
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
    return (workflowExecutionInfo?.closeTime ?? null) === null;
  } catch (error) {
    if ((error as { readonly code?: unknown }).code === NOT_FOUND) return false;
    throw error;
  }
}
