import {
  type Client,
  type WorkflowExecutionDescription,
  WorkflowFailedError,
  type WorkflowHandle,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { ApplicationFailure, CancelledFailure, TerminatedFailure, TimeoutFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { pendingAttempts } from '../../src/client/pending-attempts.ts';
import { FollowedRun, stagesOf, whyInside } from '../../src/client/runs/follow-run.ts';
import { runOutcome } from '../../src/client/runs/run-outcome.ts';
import type { TemporalCalls } from '../../src/client/temporal-calls.ts';
import type { TaskResult } from '../../src/contracts/run/pipeline-status.ts';
import type { pipeline } from '../../src/workflows/pipeline.ts';

describe('the end of a run', () => {
  const ended = async (error: Error) => {
    const result = async (): Promise<never> => {
      throw error;
    };
    return await runOutcome({ workflowId: 'r', result } as unknown as WorkflowHandle<typeof pipeline>);
  };
  const failed = (cause?: Error) => new WorkflowFailedError('Workflow execution failed', cause, 'NONE' as never);

  it.each([
    ['cancelled', new CancelledFailure('stop'), 'run r was cancelled'],
    ['terminated', new TerminatedFailure('by an operator'), 'run r was ended from outside: by an operator'],
    ['terminated', new TimeoutFailure('too late', undefined, 'START_TO_CLOSE'), 'run r was ended from outside: too late'],
    ['invalid', ApplicationFailure.nonRetryable('no symbols', 'InvalidPipeline'), 'no symbols'],
    ['failed', undefined, 'Workflow execution failed'],
  ])('is %s, with the reason', async (how, cause, message) => {
    await expect(ended(failed(cause))).rejects.toMatchObject({ name: 'RunEnded', how, message, partial: undefined });
  });

  it('carries the result up to a failure', async () => {
    const cause = ApplicationFailure.nonRetryable('store failed', 'PipelineFailed', { result: 'failed' });
    await expect(ended(failed(cause))).rejects.toMatchObject({ how: 'failed', message: 'store failed', partial: { result: 'failed' } });
  });

  it('is an error for an unknown run, and for a connection that breaks', async () => {
    await expect(ended(new WorkflowNotFoundError('none', 'r', undefined))).rejects.toThrow(
      'there is no run r; `predictlab runs` lists them',
    );
    await expect(ended(new TypeError('broken'))).rejects.toThrow(TypeError);
  });
});

describe('what a task of a running symbol does', () => {
  const running = (attempts?: number): Record<string, TaskResult> =>
    ({
      'A/collect': { status: 'success' },
      'A/clean': { status: 'running', startedAt: new Date(1_000).toISOString(), ...(attempts !== undefined && { attempts }) },
    }) as unknown as Record<string, TaskResult>;
  const why = (taskId: string, stages = running()) => whyInside(stages, taskId, 6_400);

  it('follows from the stage that runs', () => {
    expect(why('A/clean')).toBe('A/clean is running for 5 s');
    expect(why('A/clean', running(1))).toBe('A/clean is running for 5 s');
    expect(why('A/clean', running(2))).toBe('A/clean is running for 5 s, attempt 2');
    expect(why('A/collect')).toBe('A/collect succeeded');
    expect(why('A/store')).toBe('A/store is waiting for A/clean (running)');
  });

  it('is not known for an earlier stage without a result, another symbol, or while no stage runs', () => {
    expect(whyInside({ 'A/store': running()['A/clean'] }, 'A/collect', 6_400)).toBeUndefined();
    expect(why('B/store')).toBeUndefined();
    expect(why('A/store', { 'A/collect': { status: 'success' } })).toBeUndefined();
    expect(why('A/store', { 'A/clean': { status: 'running' } })).toBeUndefined();
  });
});

/** A payload of JSON as Temporal stores it. */
const payload = (value: unknown) => ({
  metadata: { encoding: new TextEncoder().encode('json/plain') },
  data: new TextEncoder().encode(JSON.stringify(value)),
});
const converter = {
  payloadConverter: { fromPayload: ({ data }: { data: Uint8Array }) => JSON.parse(new TextDecoder().decode(data)) as unknown },
  failureConverter: { failureToError: ({ message }: { message: string }) => new Error(message) },
  payloadCodecs: [],
};

describe('the stages of a symbol', () => {
  it('are those that the heartbeat of its activity reports, with the stages of earlier activities as succeeded', async () => {
    const progress = [
      { taskId: 'A/clean', kind: 'succeeded', at: 3_000, startedAt: 1_000, attempts: 1, output: {}, degraded: ['late'] },
      { taskId: 'A/store', kind: 'failed', at: 5_000, startedAt: 3_000, attempts: 2, error: { message: 'no room' } },
      { taskId: 'A/kline', kind: 'retryLater', at: 6_000, startedAt: 5_000, attempts: 1, error: { message: 'later' } },
      { taskId: 'A/backtest', kind: 'cancelled', at: 7_000, startedAt: 6_000, attempts: 1 },
    ];
    const pendingActivities = [
      { activityId: 'A/clean', lastStartedTime: { seconds: 1 }, heartbeatDetails: { payloads: [payload({ progress })] } },
      { activityId: 'custom', lastStartedTime: { seconds: 1 } },
    ];
    const client = {
      options: { loadedDataConverter: converter },
      workflow: {
        getHandle: () => ({ query: () => Promise.reject(new Error('none')) }),
      },
    } as unknown as Client;
    const described = { workflowId: 'r', raw: { pendingActivities } } as unknown as WorkflowExecutionDescription;
    const common = (startedAt: number, attempts = 1) => ({
      attempts,
      startedAt: new Date(startedAt).toISOString(),
      durationSeconds: startedAt < 5_000 ? 2 : 1,
    });
    expect(await stagesOf(client, described, ['A', 'custom'])).toEqual({
      'A/collect': { status: 'success' },
      'A/clean': { status: 'success', ...common(1_000), output: {}, degraded: ['late'] },
      'A/store': { status: 'failed', ...common(3_000, 2), error: { message: 'no room' } },
      'A/kline': { status: 'pending', ...common(5_000), error: { message: 'later' } },
      'A/backtest': { status: 'cancelled', ...common(6_000) },
    });
  });
});

describe('a run that is followed', () => {
  it('is described every two seconds, and cut off when it was closed longer ago than that', async () => {
    let now = 100_000;
    let described = 0;
    let closeTime: Date | undefined;
    const handle = {
      query: async (_: unknown, revision: string | null) => ({
        startedAt: new Date(90_000).toISOString(),
        finishedAt: null,
        totalTasks: 2,
        statusBreakdown: { pending: 1, running: 1, success: 0, failed: 0, skipped: 0, cancelled: 0 },
        taskResults: revision === null ? { a: { status: 'running' }, b: { status: 'pending' } } : {},
        revision: 'v1',
        ...(revision !== null && { since: revision }),
      }),
      describe: async () => {
        described++;
        return { closeTime };
      },
    } as unknown as WorkflowHandle<typeof pipeline>;
    const calls = { onRun: (_: unknown, call: () => unknown) => call(), make: (call: () => unknown) => call() } as unknown as TemporalCalls;
    const run = new FollowedRun(calls, {} as Client, handle, () => now);
    const later = async (ms: number) => {
      now += ms;
      const { finishedAt, statusBreakdown, taskResults } = await run.status();
      return { described, heard: run.heard, finishedAt, cancelled: statusBreakdown.cancelled, tasks: Object.keys(taskResults).length };
    };
    const open = { finishedAt: null, cancelled: 0, tasks: 2 };
    expect(await later(1_999)).toEqual({ ...open, described: 0, heard: 2 });
    expect(await later(1)).toEqual({ ...open, described: 1, heard: 0 });
    expect(await later(1_999)).toEqual({ ...open, described: 1, heard: 0 });
    closeTime = new Date(now);
    expect(await later(1)).toEqual({ ...open, described: 2, heard: 0 });
    expect(await later(2_000)).toEqual({ finishedAt: closeTime.toISOString(), cancelled: 2, tasks: 2, described: 3, heard: 0 });
  });
});

it('the pending attempts of a run are those of the run and its open symbols, with the next attempt and the last failure', async () => {
  const asked: string[] = [];
  const activities: Readonly<Record<string, readonly object[]>> = {
    r: [
      { activityId: 'custom', attempt: 1, nextAttemptScheduleTime: { seconds: 9 } },
      { activityId: 'other' },
      { activityId: '', attempt: 3 },
    ],
    'r/A': [
      { activityId: 'A/clean', attempt: 2, nextAttemptScheduleTime: { seconds: 9, nanos: 5_000_000 }, lastFailure: { message: 'no room' } },
    ],
    'r/B': [{ activityId: 'B/clean', attempt: 3, nextAttemptScheduleTime: { seconds: 10 } }],
  };
  const handleOf = (workflowId: string) => ({
    workflowId,
    describe: async () => {
      asked.push(workflowId);
      if (activities[workflowId] === undefined) throw new Error('ended');
      const pendingChildren = workflowId === 'r' ? [{ workflowId: 'r/A' }, { workflowId: 'r/B' }, { workflowId: 'r/gone' }, {}] : [];
      return { workflowId, raw: { pendingActivities: activities[workflowId], pendingChildren } };
    },
  });
  const client = { options: { loadedDataConverter: converter }, workflow: { getHandle: handleOf } } as unknown as Client;
  const run = (await handleOf('r').describe()) as unknown as WorkflowExecutionDescription;
  expect(await pendingAttempts(client, run)).toEqual(
    new Map([
      ['custom', { attempt: 1 }],
      ['other', { attempt: 1 }],
      ['A/clean', { attempt: 2, retryAt: 9_005, lastFailure: 'no room' }],
      ['B/clean', { attempt: 3, retryAt: 10_000 }],
    ]),
  );
  asked.length = 0;
  await pendingAttempts(client, run, new Set(['B']));
  expect(asked).toEqual(['r/B']);
});
