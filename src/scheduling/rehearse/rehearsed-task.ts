import type { TaskPolicy } from '../../contracts/run-config.ts';
import { drawn, normal } from './random.ts';

/** Spread of durations around their mean: one in twenty takes more than about twice its median. */
const SPREAD = 0.5;
/** Longer waits give the slot back (contract: Slots). */
export const LONGEST_WAIT_IN_SLOT_MS = 30_000;

export interface RehearsedAttempts {
  readonly kind: 'succeeded' | 'failed' | 'retryLater';
  /** From the start to this end, waits included. */
  readonly lastsMs: number;
  readonly attempts: number;
  readonly failures: number;
  /** Only of `retryLater`: how long until the next attempt. */
  readonly waitMs: number;
}

/**
 * Plays one task from its slot to the moment it gives it back: attempts with log-normal durations around the mean,
 * seeded faults, timeouts, and the waits between attempts that stay in the slot.
 *
 * @param seed of this task in this run: the same seed gives the same attempts
 */
export function rehearseTask(task: {
  policy: TaskPolicy;
  meanMs: number;
  failureRate: number;
  seed: number;
  earlierAttempts: number;
  earlierFailures: number;
}): RehearsedAttempts {
  const { policy, meanMs, failureRate, seed } = task;
  let attempts = task.earlierAttempts;
  let failures = task.earlierFailures;
  let lastsMs = 0;
  for (;;) {
    attempts++;
    const wantedMs = meanMs * Math.exp(SPREAD * normal(drawn(seed, attempts, 1), drawn(seed, attempts, 2)) - (SPREAD * SPREAD) / 2);
    lastsMs += Math.min(wantedMs, policy.timeoutMs);
    if (wantedMs <= policy.timeoutMs && drawn(seed, attempts, 3) >= failureRate)
      return { kind: 'succeeded', lastsMs, attempts, failures, waitMs: 0 };
    failures++;
    if (failures > policy.maxRetries) return { kind: 'failed', lastsMs, attempts, failures, waitMs: 0 };
    const waitMs = Math.min(policy.maxDelayMs, policy.retryDelayMs * policy.backoff ** (failures - 1));
    if (waitMs > LONGEST_WAIT_IN_SLOT_MS) return { kind: 'retryLater', lastsMs, attempts, failures, waitMs };
    lastsMs += waitMs;
  }
}
