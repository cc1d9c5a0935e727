import { type Client, ServiceError, type WorkflowHandle, WorkflowNotFoundError } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import { serviceMessage, TemporalCalls } from '../../src/client/temporal-calls.ts';
import type { pipeline } from '../../src/workflows/pipeline.ts';

/** An error of gRPC as the client passes it on. */
const refused = (code: number, details: string): ServiceError =>
  new ServiceError('a call failed', { cause: Object.assign(new Error(`${code} ${details}`), { code, details, metadata: {} }) });

/** The calls of a client whose task queue has these workers. */
const callsOf = (workers: readonly object[]) =>
  new TemporalCalls(
    {
      options: { namespace: 'default' },
      withAbortSignal: (signal: AbortSignal, call: () => Promise<unknown>) =>
        Promise.race([call(), new Promise((_, reject) => signal.addEventListener('abort', () => reject(refused(1, 'Cancelled'))))]),
      withDeadline: (_: number, call: () => Promise<unknown>) => call(),
      workflowService: {
        describeTaskQueue: () => Promise.resolve({ pollers: workers }),
        listWorkers: () => Promise.reject(refused(12, 'unknown method')),
      },
    } as unknown as Client,
    { address: 'here:7233', taskQueue: 'q' },
  );
const running = () => ({ identity: 'one', lastAccessTime: { seconds: Date.now() / 1000 } });

const handleOf = (status?: string): WorkflowHandle<typeof pipeline> =>
  ({
    workflowId: 'r',
    describe: () =>
      status === undefined ? Promise.reject(new Error('not found')) : Promise.resolve({ status: { name: status }, raw: {} }),
  }) as unknown as WorkflowHandle<typeof pipeline>;
const failing = (error: Error) => async (): Promise<never> => {
  throw error;
};

describe('a call to Temporal', () => {
  const make = (error: Error) => callsOf([]).make(failing(error));

  it('returns its answer, and reports a server that cannot be reached by its address', async () => {
    expect(await callsOf([]).make(() => Promise.resolve(7))).toBe(7);
    await expect(make(refused(14, 'No connection established. Last error: Error: ECONNREFUSED. Resolution note: DNS'))).rejects.toThrow(
      /here:7233.*ECONNREFUSED/,
    );
  });

  it('fails with the message of the server, and unchanged where Temporal answered but the run did not', async () => {
    await expect(make(refused(3, 'the name is too long'))).rejects.toThrow(/^the name is too long$/);
    for (const code of [4, 8]) await expect(make(refused(code, 'late'))).rejects.toThrow(/^a call failed$/);
    await expect(make(refused(9, 'no poller seen'))).rejects.toThrow(/^a call failed$/);
    await expect(make(refused(9, 'another state'))).rejects.toThrow(/^another state$/);
    await expect(make(new TypeError('x is undefined'))).rejects.toThrow(TypeError);
  });

  it('names the key of the payloads where a failure is sealed with another one', async () => {
    await expect(make(new Error('Encoded failure'))).rejects.toThrow('PREDICTLAB_PAYLOAD_KEY');
  });
});

describe('a call about a run', () => {
  it('is given up after a second when no worker takes the run, with what to do', async () => {
    const never = callsOf([]).onRun(handleOf('RUNNING'), () => new Promise(() => undefined));
    await expect(never).rejects.toThrow(/^r does not answer: no worker/);
  });

  it('waits on while a worker is running', async () => {
    const late = () => new Promise((resolve) => setTimeout(() => resolve('late'), 1_200));
    expect(await callsOf([running()]).onRun(handleOf('RUNNING'), late)).toBe('late');
  });

  it('that gets no answer in time names a missing worker, or says where to look', async () => {
    const updateTimeout = Object.assign(new Error('timeout'), { name: 'WorkflowUpdateRPCTimeoutOrCancelledError' });
    for (const error of [refused(4, 'late'), refused(1, 'Cancelled'), updateTimeout]) {
      await expect(callsOf([]).onRun(handleOf('RUNNING'), failing(error))).rejects.toThrow(/^r does not answer: no worker/);
      await expect(callsOf([running()]).onRun(handleOf('RUNNING'), failing(error))).rejects.toThrow(
        'r does not answer: check that a worker is running and not overloaded',
      );
    }
  });

  it('ends as aborted when the calls are closed', async () => {
    const calls = callsOf([running()]);
    const answer = calls.onRun(handleOf('RUNNING'), () => new Promise(() => undefined));
    calls.close();
    await expect(answer).rejects.toThrow('a call failed');
  });

  it('that has ended or does not exist says which of the two', async () => {
    const gone = failing(new WorkflowNotFoundError('gone', 'r', undefined));
    await expect(callsOf([]).onRun(handleOf('TIMED_OUT'), gone)).rejects.toThrow(
      'run r is closed (timed out), so there is nothing to change',
    );
    await expect(callsOf([]).onRun(handleOf(), gone)).rejects.toThrow('there is no such run: r');
  });

  it('is refused with the reason of the workflow', async () => {
    const update = Object.assign(new Error('Workflow Update failed'), {
      name: 'WorkflowUpdateFailedError',
      cause: new Error('task x ran'),
    });
    await expect(callsOf([]).onRun(handleOf('RUNNING'), failing(update))).rejects.toMatchObject({
      type: 'BadInput',
      message: 'task x ran',
    });
  });
});

it('the message of an error is that of the server, else its own', () => {
  expect(serviceMessage(refused(3, 'no such field'))).toBe('no such field');
  expect(serviceMessage(refused(3, ''))).toBe('a call failed');
  expect(serviceMessage(new Error('own'))).toBe('own');
});
