import { EventEmitter } from 'node:events';
import type { NativeConnection, Worker } from '@temporalio/worker';
import { expect, it } from 'vitest';
import { temporalSettings } from '../../src/client/connection/temporal-connection.ts';
import { messageOf } from '../../src/contracts/errors.ts';
import { freePort } from '../../src/set-up/temporal/free-port.ts';
import { QueueLengths } from '../../src/telemetry/queue-lengths.ts';
import { VERSION } from '../../src/version.ts';
import { connectNative, dropRunsThatLeft, versionedCode } from '../../src/worker/native-worker.ts';

/** What Temporal answers about an execution: a description, or an error. */
type Answer = object | Error;

async function lengthAfter(answer: Answer): Promise<number> {
  const queue = new QueueLengths({ silentMs: 0 });
  const asked: unknown[] = [];
  const workflowService = {
    describeWorkflowExecution: async (request: unknown) => {
      asked.push(request);
      if (answer instanceof Error) throw answer;
      return answer;
    },
  };
  const worker = { evictionsEmitter: new EventEmitter() } as unknown as Worker;
  dropRunsThatLeft(queue, { worker, connection: { workflowService } as unknown as NativeConnection, namespace: 'lab' });
  const execution = { workflowId: 'run', runId: 'execution' };
  queue.report(execution, { ready: 3, running: 0 });
  const { ready } = await queue.totals();
  expect(asked).toEqual([{ namespace: 'lab', execution }]);
  return ready;
}

it.each<readonly [what: string, end: 'kept' | 'removed', answer: Answer]>([
  ['open', 'kept', { workflowExecutionInfo: { closeTime: null } }],
  ['described without a time of its end', 'kept', { workflowExecutionInfo: {} }],
  ['closed', 'removed', { workflowExecutionInfo: { closeTime: { seconds: 1 } } }],
  ['unknown to Temporal', 'removed', Object.assign(new Error('not found'), { code: 5 })],
  ['not described because Temporal is unavailable', 'kept', Object.assign(new Error('unavailable'), { code: 14 })],
])('the queue length of a silent run that is %s is %s', async (_, end, answer) => {
  expect(await lengthAfter(answer)).toBe(end === 'kept' ? 3 : 0);
});

it('a worker runs the given bundle or that of the build, and is pinned to its deployment version', async () => {
  const bundle = { code: 'bundle' };
  const version = { name: 'lab', buildId: '0.2.0+1f3a9c02' };
  expect(await versionedCode(bundle, undefined, false)).toEqual({
    workflowBundle: bundle,
    buildId: expect.stringMatching(/^[\d.]+\+[0-9a-f]{8}$/) as string,
  });
  expect(await versionedCode(undefined, undefined, false)).toEqual({
    workflowsPath: expect.stringMatching(/src.workflows.index\.ts$/) as string,
    buildId: `${VERSION}+source`,
  });
  expect(await versionedCode(bundle, version, false)).toEqual({
    workflowBundle: bundle,
    workerDeploymentOptions: {
      version: { deploymentName: 'lab', buildId: version.buildId },
      useWorkerVersioning: true,
      defaultVersioningBehavior: 'PINNED',
    },
  });
});

it('a native connection that is refused states the address and the reason of the operating system', async () => {
  const address = `127.0.0.1:${await freePort()}`;
  const refused: unknown = await connectNative(temporalSettings({ TEMPORAL_ADDRESS: address })).catch((error: unknown) => error);
  expect(messageOf(refused)).toMatch(/^cannot reach Temporal at 127\.0\.0\.1:\d+.*[Cc]onnection refused/);
  // the rest of the native client's debug output is left out
  expect(messageOf(refused)).not.toContain('message:');
});
