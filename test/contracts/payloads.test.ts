import { expect, it } from 'vitest';
import { defaultPolicy, unlessDefault } from '../../src/contracts/task/task-policy.ts';

const policy = { maxRetries: 3, retryDelayMs: 300_000, backoff: 1, maxDelayMs: 300_000, timeoutMs: 300_000 };

it('a payload has a task’s policy only where that policy differs from the default, and collect has another default timeout', () => {
  expect(unlessDefault(defaultPolicy())).toEqual({});
  expect(unlessDefault(defaultPolicy('collect'), 'collect')).toEqual({});
  expect(unlessDefault(defaultPolicy('collect'), 'clean')).toEqual({ policy: defaultPolicy('collect') });
  expect(unlessDefault(policy, 'kline')).toEqual({ policy });
});
