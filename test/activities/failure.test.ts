import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { describeThrown } from '../../src/activities/custom/threads/thread-messages.ts';
import { failureOf } from '../../src/activities/runner/failure.ts';
import { PredictLabError } from '../../src/contracts/errors.ts';
import type { TaskPolicy } from '../../src/contracts/run/run-config.ts';
import { retryWaitMs } from '../../src/contracts/task/after-failure.ts';
import type { AttemptDetails } from '../../src/contracts/task/stage-report.ts';
import { Secrets } from '../../src/secrets/secrets.ts';

const secrets = new Secrets([]);
const policy: TaskPolicy = { maxRetries: 3, retryDelayMs: 1_000, backoff: 2, maxDelayMs: 60_000, timeoutMs: 300_000 };
const first = { secrets, policy, attempts: 1, earlier: { failures: 0 } };
const detailsOf = (failure: ApplicationFailure) => failure.details?.[0] as AttemptDetails;

describe('the failure that ends an attempt', () => {
  it('is retried after the policy’s delay, which grows by the backoff up to the maximum wait', () => {
    expect([1, 2, 3, 8].map((failures) => retryWaitMs(policy, failures))).toEqual([1_000, 2_000, 4_000, 60_000]);
    expect(retryWaitMs({ ...policy, backoff: 1 }, 5)).toBe(1_000);
    const failure = failureOf(new PredictLabError('SourceUnavailable', 'polymarket answered 503'), {
      secrets,
      policy,
      attempts: 2,
      earlier: { failures: 1 },
    });
    expect(failure).toMatchObject({ type: 'SourceUnavailable', nonRetryable: false, nextRetryDelay: 2_000 });
  });

  it('is retried after the wait that the venue requests when that is longer', () => {
    const asked = new PredictLabError('RateLimited', 'slow down', { retryAfterMs: 12_000 });
    expect(failureOf(asked, first)).toMatchObject({ nonRetryable: false, nextRetryDelay: 12_000 });
  });

  it('releases the slot for a wait of more than 30 seconds, and states when to continue', () => {
    const asked = new PredictLabError('RateLimited', 'come back in a minute', { retryAfterMs: 61_000 });
    const failure = failureOf(asked, { secrets, policy, attempts: 4, earlier: { failures: 0 } });
    expect(failure.nonRetryable).toBe(true);
    expect(detailsOf(failure)).toMatchObject({ attempts: 4, failures: 1, retryAfterMs: 61_000, error: { type: 'RateLimited' } });
  });

  it('is final after the last retry', () => {
    const failure = failureOf(new PredictLabError('SourceUnavailable', 'down'), { secrets, policy, attempts: 4, earlier: { failures: 3 } });
    expect(failure).toMatchObject({ nonRetryable: true, message: 'down' });
    expect(detailsOf(failure).retryAfterMs).toBeUndefined();
  });

  it.each(['BadInput', 'SourceUnauthorized', 'SourceBlocked', 'SourceSchemaChanged'] as const)('is final at once for %s', (type) => {
    expect(failureOf(new PredictLabError(type, 'no'), first)).toMatchObject({ type, nonRetryable: true });
  });

  it('names a wrong argument by its path', () => {
    const { error } = z.object({ url: z.string() }).safeParse({ url: 3 });
    expect(failureOf(error, first)).toMatchObject({ type: 'BadInput', nonRetryable: true, message: expect.stringContaining('url: ') });
  });

  it('treats a refused connection as an unavailable service, and an unknown error as temporary', () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { code: 'ECONNREFUSED' });
    expect(failureOf(refused, first)).toMatchObject({ type: 'SourceUnavailable', nonRetryable: false });
    expect(failureOf(new TypeError('x is not a function'), first)).toMatchObject({ type: 'TypeError', nonRetryable: false });
  });

  it('is retried by the rule for its error type, and passes the retries used so far to the next attempt', () => {
    const ruled: TaskPolicy = {
      ...policy,
      maxRetries: 0,
      byError: { RateLimited: { maxRetries: 2, retryDelayMs: 5_000 }, SourceBlocked: { maxRetries: 1 } },
    };
    const limited = failureOf(new PredictLabError('RateLimited', 'slow down'), { ...first, policy: ruled });
    expect(limited).toMatchObject({ nonRetryable: false, nextRetryDelay: 5_000 });
    expect(detailsOf(limited)).toMatchObject({ failures: 0, spent: { byError: { RateLimited: 1 } } });
    expect(failureOf(new PredictLabError('SourceBlocked', 'no'), { ...first, policy: ruled })).toMatchObject({ nonRetryable: false });
    expect(failureOf(ApplicationFailure.nonRetryable('no', 'SourceBlocked'), { ...first, policy: ruled })).toMatchObject({
      nonRetryable: true,
    });
  });

  it('keeps the error type that a plugin set, and the plugin’s choice not to retry', () => {
    expect(failureOf(ApplicationFailure.nonRetryable('never', 'Mine'), first)).toMatchObject({ type: 'Mine', nonRetryable: true });
  });

  it('describes a thrown value that is not an error, or that throws when its fields are read', () => {
    const broken = new Proxy(
      {},
      {
        get: () => {
          throw new Error('do not look');
        },
      },
    );
    const liar = Object.defineProperty(new Error('x'), 'stack', {
      get: () => {
        throw new Error('do not look');
      },
    });
    expect(failureOf({ status: 503 }, first)).toMatchObject({ type: 'Error', message: '{"status":503}' });
    expect(failureOf(undefined, first)).toMatchObject({ type: 'Error', message: 'nothing (undefined was thrown)' });
    expect(failureOf(broken, first)).toMatchObject({ type: 'Error', message: 'an object without a message was thrown' });
    expect(failureOf(liar, first)).toMatchObject({ type: 'Error', message: 'x' });
    expect(describeThrown(liar)).toMatchObject({ name: 'Error', message: 'x' });
    expect(describeThrown(broken)).toEqual({
      name: 'Error',
      message: 'an object without a message was thrown',
      stack: expect.any(String),
    });
  });
});
