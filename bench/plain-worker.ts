import { fileURLToPath } from 'node:url';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { onFreePort } from '../src/set-up/temporal/free-port.ts';
import { answer } from './contestant.ts';
import * as activities from './plain-activities.ts';

/** The baseline: a worker of plain Temporal with the SDK's defaults. Ends when its parent does. */
const sdkMetrics = await onFreePort((port) => {
  const bindAddress = `127.0.0.1:${port}`;
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { metrics: { prometheus: { bindAddress } } },
    shutdownSignals: [],
  });
  return bindAddress;
});
const connection = await NativeConnection.connect({ address: process.env.TEMPORAL_ADDRESS });
const worker = await Worker.create({
  connection,
  taskQueue: 'plain',
  workflowsPath: fileURLToPath(new URL('plain-workflows.js', import.meta.url)),
  activities,
});
process.once('disconnect', () => worker.shutdown());
answer({ sdkMetrics });
process.send?.('ready');
await worker.run();
await connection.close();
