import { ApplicationFailure } from '@temporalio/common';
import { NativeConnection, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { QueueLengths } from '../../src/telemetry/queue-lengths.ts';
import { dropRunsThatLeft } from '../../src/worker/native-worker.ts';
import { createRig, type Rig } from '../support/rig.ts';

let rig: Rig;
let connection: NativeConnection;
let worker: Worker;

beforeAll(async () => {
  rig = await createRig({ worker: false });
  connection = await NativeConnection.connect({ address: inject('temporalAddress') });
  const activities = { preparePipeline: () => Promise.reject(ApplicationFailure.nonRetryable('by a test')) };
  worker = await Worker.create({
    connection,
    taskQueue: rig.taskQueue,
    workflowBundle: { codePath: inject('workflowBundle') },
    activities,
  });
});
afterAll(async () => {
  await connection.close();
  await rig.close();
});

it('a run is removed from a worker’s queue lengths when it leaves the cache, and when it is terminated', async () => {
  const [cached, silent] = [new QueueLengths(), new QueueLengths({ silentMs: 0 })];
  for (const queue of [cached, silent]) dropRunsThatLeft(queue, { worker, connection, namespace: 'default' });

  const { runId: workflowId, executionId: runId } = await rig.lab.start({});
  silent.report({ workflowId, runId }, { ready: 3, running: 0 });
  silent.report({ workflowId: 'never-was', runId: '11111111-2222-3333-4444-555555555555' }, { ready: 1, running: 1 });
  expect(await silent.totals()).toEqual({ ready: 3, running: 0 });
  await rig.client.workflow.getHandle(workflowId).terminate('by a test');
  expect(await silent.totals()).toEqual({ ready: 0, running: 0 });

  const other = await rig.lab.start({});
  cached.report({ workflowId: other.runId, runId: other.executionId }, { ready: 3, running: 0 });
  await worker.runUntil(rig.lab.result(other.runId).catch(() => undefined));
  expect(await cached.totals()).toEqual({ ready: 0, running: 0 });
});
