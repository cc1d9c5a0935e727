import { describe, expect, it } from 'vitest';
import { readCustomTaskCall, readStageCall, readSymbolInput } from '../../src/contracts/run/earlier-payloads.ts';
import { defaultPolicy, unlessDefault } from '../../src/contracts/task/task-policy.ts';

const run = { runId: 'daily', executionId: 'e1' };
const policy = { maxRetries: 3, retryDelayMs: 300_000, backoff: 1, maxDelayMs: 300_000, timeoutMs: 300_000 };

describe('a policy', () => {
  it('travels only where it is not the default, which is another one for collect', () => {
    expect(unlessDefault(defaultPolicy())).toEqual({});
    expect(unlessDefault(defaultPolicy('collect'), 'collect')).toEqual({});
    expect(unlessDefault(defaultPolicy('collect'), 'clean')).toEqual({ policy: defaultPolicy('collect') });
    expect(unlessDefault(policy, 'kline')).toEqual({ policy });
  });
});

describe('payloads of before they became references', () => {
  const never = { earlierAttempts: 0, earlierFailures: 0 };
  const before = { earlierAttempts: 2, earlierFailures: 1, earlierError: { type: 'RateLimited', message: 'slow down' } };
  const earlier = { attempts: 2, failures: 1, error: before.earlierError };

  it('are read as those of today: a stage, a custom task, a symbol', () => {
    expect(readStageCall({ context: { ...run, taskId: 'A/clean', policy, ...never }, symbol: 'A' })).toEqual({
      ...run,
      symbol: 'A',
      policy,
    });
    expect(readCustomTaskCall({ ...run, taskId: 'notify', policy, ...before })).toEqual({ ...run, taskId: 'notify', policy, earlier });
    expect(readSymbolInput({ ...run, symbol: 'A', stages: [{ stage: 'clean', policy }], ...before, signalStages: ['clean'] })).toEqual({
      ...run,
      symbol: 'A',
      stages: ['clean'],
      policies: { clean: policy },
      earlier,
      signalStages: ['clean'],
    });
  });

  it('leave those of today as they are', () => {
    const stage = { ...run, symbol: 'A' };
    const symbol = { ...run, symbol: 'A', stages: ['clean'], earlier } as const;
    expect(readStageCall(stage)).toBe(stage);
    expect(readSymbolInput(symbol)).toBe(symbol);
    expect(readCustomTaskCall({ ...run, taskId: 'notify', earlier })).toEqual({ ...run, taskId: 'notify', earlier });
  });
});
