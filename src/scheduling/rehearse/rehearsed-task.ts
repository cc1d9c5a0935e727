import type { TaskError } from '../../contracts/run/pipeline-status.ts';
import type { TaskPolicy } from '../../contracts/run/run-config.ts';
import { afterFailure, type Failures } from '../../contracts/task/after-failure.ts';

/** Standard deviation of the logarithm of durations: one task in twenty takes more than about twice the median. */
const SPREAD = 0.5;

/** The error of an attempt that is made to fail. */
export const FAULT = { type: 'SourceUnavailable', message: 'rehearsed fault' } as const satisfies TaskError;
const TIMEOUT = 'TaskTimeout';

export interface RehearsedAttempts extends Failures {
  readonly kind: 'succeeded' | 'failed' | 'retryLater';
  /** Milliseconds for which the task holds its slot, waits included. */
  readonly lastsMs: number;
  readonly attempts: number;
  /** Milliseconds until the next attempt, after `retryLater`; otherwise 0. */
  readonly waitMs: number;
}

/**
 * Simulates one task from the moment it gets a slot until it gives the slot back: attempts with log-normal durations around the
 * mean, seeded faults, timeouts, and the waits between attempts that keep the slot.
 *
 * @param task.seed seed of this task in this run: the same seed gives the same attempts
 */
export function rehearseTask(task: {
  policy: TaskPolicy;
  meanMs: number;
  failureRate: number;
  seed: number;
  earlierAttempts: number;
  earlier: Failures;
  /** When the task gets its slot, in the run's virtual time. */
  at: number;
}): RehearsedAttempts {
  const { policy, meanMs, failureRate, seed } = task;
  let attempts = task.earlierAttempts;
  let failed = task.earlier;
  let lastsMs = 0;
  for (;;) {
    attempts++;
    const wantedMs = meanMs * Math.exp(SPREAD * normal(drawn(seed, attempts, 1), drawn(seed, attempts, 2)) - (SPREAD * SPREAD) / 2);
    lastsMs += Math.min(wantedMs, policy.timeoutMs);
    const late = wantedMs > policy.timeoutMs;
    if (!late && drawn(seed, attempts, 3) >= failureRate) return { ...failed, kind: 'succeeded', lastsMs, attempts, waitMs: 0 };
    const after = afterFailure(policy, failed, { type: late ? TIMEOUT : FAULT.type, at: task.at + lastsMs });
    const { failures, spent } = after;
    failed = spent === undefined ? { failures } : { failures, spent };
    if (after.next === 'none') return { ...failed, kind: 'failed', lastsMs, attempts, waitMs: 0 };
    if (after.next === 'retryLater') return { ...failed, kind: 'retryLater', lastsMs, attempts, waitMs: after.waitMs };
    lastsMs += after.waitMs;
  }
}

/**
 * A pseudo-random number in [0, 1) for each combination of integers. The numbers of a task do not depend on when it runs, so two rehearsals
 * that differ in one setting differ only by that setting. The mixing steps are MurmurHash3's finaliser.
 */
export function drawn(seed: number, ...parts: readonly number[]): number {
  let hash = mixed(seed ^ 0x9e3779b9);
  for (const part of parts) hash = mixed(hash ^ Math.imul(part + 0x7f4a7c15, 0x9e3779b1));
  return hash / 4_294_967_296;
}

function mixed(value: number): number {
  let hash = value | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** A standard normal value from two numbers in [0, 1) (Box–Muller). */
export const normal = (first: number, second: number): number => Math.sqrt(-2 * Math.log(1 - first)) * Math.cos(2 * Math.PI * second);
