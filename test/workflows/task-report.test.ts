import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  ChildWorkflowFailure,
  TerminatedFailure,
  TimeoutFailure,
} from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import type { TaskPolicy } from '../../src/contracts/run/run-config.ts';
import type { SharedOutcome } from '../../src/contracts/task/stage-report.ts';
import { refuseWhileEnding, validateMaxConcurrent } from '../../src/workflows/run/prepare-run.ts';
import { runInOneActivity } from '../../src/workflows/shared-activity.ts';
import { detailedReport, failureReport, taskErrorOf } from '../../src/workflows/symbol/task-report.ts';

const error = { type: 'RateLimited', message: 'slow down' };
const task = { taskId: 'BTC/collect', startedAt: 5, earlierAttempts: 2 };

describe('the report of a failed task', () => {
  it('has the number of attempts from the activity, or one more than before', () => {
    expect(failureReport(task, new CancelledFailure('stop'))).toMatchObject({ kind: 'cancelled', attempts: 3, startedAt: 5 });
    expect(failureReport(task, new Error('lost'))).toMatchObject({
      kind: 'failed',
      attempts: 3,
      error: { type: 'Error', message: 'lost' },
    });
    const counted = ApplicationFailure.create({ message: 'no', type: 'BadInput', details: [{ attempts: 7 }] });
    expect(failureReport(task, counted)).toMatchObject({ kind: 'failed', attempts: 7, error: { type: 'BadInput', message: 'no' } });
    const detailed = ApplicationFailure.create({ details: [{ attempts: 4, failures: 2, retryAfterMs: 10, error }] });
    const activity = new ActivityFailure('failed', 'collect', '1', 'TIMEOUT', undefined, detailed);
    expect(failureReport(task, activity)).toMatchObject({ kind: 'retryLater', attempts: 4, failures: 2, error });
  });

  it('is final without a delay, and otherwise has the time of the retry', () => {
    const at = { taskId: 'BTC/collect', startedAt: 5, at: 100 };
    expect(detailedReport(at, { attempts: 1, failures: 1, error })).toEqual({ ...at, kind: 'failed', attempts: 1, error });
    expect(detailedReport(at, { attempts: 1, failures: 1, retryAfterMs: 0, error })).toEqual({
      ...at,
      kind: 'retryLater',
      attempts: 1,
      failures: 1,
      retryAt: 100,
      error,
    });
    expect(detailedReport(at, { attempts: 1, failures: 1, spent: 3, retryAfterMs: 9, error } as never)).toMatchObject({
      spent: 3,
      retryAt: 109,
    });
  });

  it('has the error type that users see', () => {
    const child = new ChildWorkflowFailure('default', {}, 'type', 'NON_RETRYABLE_FAILURE', new TerminatedFailure('x'));
    expect(taskErrorOf(child)).toMatchObject({ type: 'Terminated' });
    expect(taskErrorOf(new TimeoutFailure('x', undefined, 'START_TO_CLOSE'))).toMatchObject({ type: 'TaskTimeout' });
    expect(taskErrorOf(ApplicationFailure.create({ message: 'plain' }))).toMatchObject({ type: 'Error', message: 'plain' });
    expect(taskErrorOf(new RangeError('far'))).toMatchObject({ type: 'RangeError', message: 'far' });
    expect(taskErrorOf('odd')).toEqual({ type: 'Error', message: 'odd' });
  });
});

describe('several tasks in one activity', () => {
  const policy: TaskPolicy = { maxRetries: 1, retryDelayMs: 1_000, backoff: 2, maxDelayMs: 10_000, timeoutMs: 60_000 };
  const tasks = ['BTC/collect', 'BTC/clean', 'BTC/store'].map((taskId) => ({ taskId, policy }));
  const run = async (followed: readonly object[], more: object = {}) =>
    await runInOneActivity(tasks, { earlierAttempts: 0 }, async () => ({ output: null, attempts: 1, followed, ...more }) as SharedOutcome);
  const times = (now = Date.now()) => ({ startedAt: now, at: now });

  it('end in order, each with its own report', async () => {
    const { reports, failed, known } = await run(
      [
        { kind: 'succeeded', output: { rows: 1 }, attempts: 1, degraded: ['gaps'], ...times() },
        { kind: 'cancelled', ...times() },
      ],
      { known: true },
    );
    expect(reports).toMatchObject([
      { taskId: 'BTC/collect', kind: 'succeeded' },
      { taskId: 'BTC/clean', kind: 'succeeded', output: { rows: 1 }, degraded: ['gaps'] },
      { taskId: 'BTC/store', kind: 'cancelled', attempts: 1 },
    ]);
    expect([failed, known]).toEqual([undefined, true]);
  });

  it('stop at a failed attempt, which is retried if retries are left', async () => {
    const details = { attempts: 1, failures: 1, error };
    const retried = await run([{ kind: 'failed', final: false, details, ...times() }]);
    expect(retried.reports).toHaveLength(1);
    expect(retried.failed).toMatchObject({ ...details, startedAt: expect.any(Number) });
    const final = await run([{ kind: 'failed', final: true, details, ...times() }]);
    expect(final.failed).toBeUndefined();
    expect(final.reports[1]).toMatchObject({ taskId: 'BTC/clean', kind: 'failed', error });
  });

  it('have the timeout of the longest one, and a single report when the activity fails', async () => {
    const long = [tasks[0], { taskId: 'BTC/clean', policy: { ...policy, timeoutMs: 900_000 } }];
    const limits: unknown[] = [];
    const { reports } = await runInOneActivity(long, { earlierAttempts: 1 }, async (options) => {
      limits.push(options.startToCloseTimeout);
      throw new Error('lost');
    });
    expect(limits).toEqual([expect.any(Number)]);
    expect(Number(limits[0])).toBeGreaterThanOrEqual(900_000);
    expect(reports).toMatchObject([{ taskId: 'BTC/collect', kind: 'failed', attempts: 2 }]);
  });
});

describe('an update of a run', () => {
  it('needs a whole number of slots from 1 to 10000', () => {
    for (const value of [1, 10_000]) expect(() => validateMaxConcurrent(value)).not.toThrow();
    for (const value of [0, 10_001, 1.5, '3'])
      expect(() => validateMaxConcurrent(value as number)).toThrow(`setMaxConcurrent: ${JSON.stringify(value)} is not`);
    expect(() => validateMaxConcurrent(undefined as never)).toThrow('setMaxConcurrent: nothing is not');
  });

  it('is refused while the run ends', () => {
    refuseWhileEnding(undefined, 'r');
    refuseWhileEnding({ closing: null, finishedAt: null } as never, 'r');
    expect(() => refuseWhileEnding({ closing: 'cancelled', finishedAt: null } as never, 'r')).toThrow('run r is ending');
    expect(() => refuseWhileEnding({ closing: null, finishedAt: 1 } as never, 'r')).toThrow('run r is ending');
  });
});
