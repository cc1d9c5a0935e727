import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RetryRule, TaskPolicy } from '../../src/contracts/run/run-config.ts';
import {
  type AfterFailure,
  afterFailure,
  type Failures,
  failedAttempts,
  mostFailures,
  STORAGE_PATIENCE_MS,
} from '../../src/contracts/task/after-failure.ts';
import { worlds } from '../support/worlds.ts';

const policy: TaskPolicy = { maxRetries: 2, retryDelayMs: 1_000, backoff: 2, maxDelayMs: 60_000, timeoutMs: 300_000 };
const byError: TaskPolicy['byError'] = {
  RateLimited: { maxRetries: 4, retryDelayMs: 5_000, backoff: 1 },
  SourceUnavailable: { backoff: 1 },
};

/** Fails a task with these error types, one after the other without a pause; returns the step after each. */
function play(given: TaskPolicy, types: readonly string[], askedMs?: number): AfterFailure[] {
  let failed: Failures = { failures: 0 };
  return types.map((type) => {
    const after = afterFailure(given, failed, { type, at: 0, askedMs });
    failed = after;
    return after;
  });
}
const waits = (ends: readonly AfterFailure[]) => ends.map((after) => (after.next === 'none' ? null : after.waitMs));
const same = (type: string, count: number) => Array.from({ length: count }, () => type);

describe('the step after a failed attempt', () => {
  it('is another attempt after a wait that grows, and none after the last retry', () => {
    expect(waits(play(policy, same('TypeError', 3)))).toEqual([1_000, 2_000, null]);
    expect(waits(play(policy, ['BadInput']))).toEqual([null]);
  });

  it('follows the rule for the error’s type, with retries of its own; fields that the rule leaves out come from the policy', () => {
    const ruled = { ...policy, byError };
    expect(waits(play(ruled, same('RateLimited', 5)))).toEqual([5_000, 5_000, 5_000, 5_000, null]);
    expect(waits(play(ruled, same('SourceUnavailable', 3)))).toEqual([1_000, 1_000, null]);
    expect(
      waits(play(ruled, ['RateLimited', 'TypeError', 'RateLimited', 'SourceUnavailable', 'TypeError', 'RateLimited', 'TypeError'])),
    ).toEqual([5_000, 1_000, 5_000, 1_000, 2_000, 5_000, null]);
  });

  it('is an attempt after the rule’s first wait even if that exceeds the maximum wait, or after the wait that the venue requests', () => {
    expect(waits(play({ ...policy, byError: { RateLimited: { retryDelayMs: 300_000 } } }, ['RateLimited']))).toEqual([300_000]);
    expect(play(policy, ['RateLimited'], 40_000)[0]).toMatchObject({ next: 'retryLater', waitMs: 40_000 });
  });

  it('is another attempt for a final error type when a rule names that type', () => {
    expect(waits(play({ ...policy, byError: { SourceBlocked: { maxRetries: 1 } } }, same('SourceBlocked', 2)))).toEqual([1_000, null]);
  });

  it('ignores rules that the policy only inherits from its prototype', () => {
    for (const type of ['constructor', '__proto__', 'toString'])
      expect(waits(play({ ...policy, byError }, same(type, 3)))).toEqual([1_000, 2_000, null]);
  });

  it('is a wait for unavailable storage, for minutes and without using up a retry', () => {
    let failed: Failures = { failures: 0 };
    let at = 0;
    let attempts = 0;
    for (;;) {
      const after = afterFailure({ ...policy, maxRetries: 0 }, failed, { type: 'StorageUnavailable', at });
      attempts++;
      failed = after;
      if (after.next === 'none') break;
      expect(after.next).toBe('retry');
      at += after.waitMs + 5;
    }
    expect(at).toBeGreaterThanOrEqual(STORAGE_PATIENCE_MS);
    expect(at).toBeLessThan(STORAGE_PATIENCE_MS + 60_000);
    expect(failed.failures).toBe(0);
    expect(attempts).toBeLessThan(35);
  });

  it('is a new wait for storage when storage was available in between', () => {
    const first = afterFailure(policy, { failures: 0 }, { type: 'StorageUnavailable', at: 0 });
    const hourLater = afterFailure(policy, first, { type: 'StorageUnavailable', at: 3_600_000 });
    expect(hourLater).toMatchObject({ next: 'retry', waitMs: 250 });
  });

  it('is the end after at most as many failures as the policy allows in all, for any failures', () => {
    const rule: fc.Arbitrary<Partial<RetryRule>> = fc.record(
      { maxRetries: fc.integer({ min: 0, max: 5 }), retryDelayMs: fc.integer({ min: 0, max: 90_000 }), backoff: fc.constantFrom(1, 2) },
      { requiredKeys: [] },
    );
    const type = fc.constantFrom('RateLimited', 'SourceBlocked', 'StorageUnavailable', 'TypeError', 'BadInput', 'TaskTimeout');
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom('RateLimited', 'SourceBlocked', 'StorageUnavailable'), rule),
        fc.integer({ min: 0, max: 4 }),
        fc.infiniteStream(fc.tuple(type, fc.integer({ min: 0, max: 400_000 }))),
        (rules, maxRetries, stream) => {
          const given = { ...policy, maxRetries, byError: rules };
          let failed: Failures = { failures: 0 };
          let at = 0;
          let count = 0;
          for (const [kind, lasts] of stream) {
            at += lasts;
            const after = afterFailure(given, failed, { type: kind, at });
            count++;
            expect(failedAttempts(after)).toBe(count);
            failed = after;
            if (after.next === 'none') break;
            at += after.waitMs;
          }
          expect(count).toBeLessThanOrEqual(mostFailures(given));
        },
      ),
      { numRuns: worlds(200) },
    );
  });
});
