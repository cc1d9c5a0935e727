import { ERROR_EFFECTS, type ErrorType } from '../errors.ts';
import type { RetryRule, TaskPolicy } from '../run/run-config.ts';

/** A wait up to this long stays inside the activity and keeps its slot; a longer one gives the slot back. */
export const LONGEST_WAIT_IN_SLOT_MS = 30_000;

/** Storage that is away is waited for this long, from its first failure on: a restart or a recovery takes minutes. */
export const STORAGE_PATIENCE_MS = 10 * 60_000;
const FIRST_STORAGE_WAIT_MS = 250;
const LONGEST_STORAGE_WAIT_MS = 30_000;
/** Storage that failed this long after it had failed last was back meanwhile. */
const STORAGE_STEADY_MS = 5 * 60_000;
/** Twenty-seven fit into the patience; the rest are for storage that comes and goes. */
const MOST_STORAGE_FAILURES = 40;

/** What has failed of a task so far, by what it counts against. */
export interface Failures {
  /** Attempts that used up one of the task's own retries. */
  readonly failures: number;
  readonly spent?: Spent;
}

/** Failures that have a limit of their own. */
export interface Spent {
  /** By error type, of those types that the policy has a rule for. */
  readonly byError?: Readonly<Record<string, number>>;
  /** Attempts that found storage away: how many, when this began and was last so; UTC epoch milliseconds. */
  readonly storage?: { readonly count: number; readonly since: number; readonly last: number };
}

/** How an attempt failed. */
export interface FailedAttempt {
  readonly type: string;
  /** @default by its type; of an unknown one true */
  readonly retryable?: boolean;
  /** A wait that the other side asked for. @default none */
  readonly askedMs?: number;
  /** When it ended; UTC epoch milliseconds. */
  readonly at: number;
  /** @default 30 s */
  readonly longestWaitInSlotMs?: number;
}

/** What follows a failed attempt: none, or another one after a wait that keeps the slot or gives it back. */
export type AfterFailure = Failures & Next;
type Next = { readonly next: 'none' } | { readonly next: 'retry' | 'retryLater'; readonly waitMs: number };

/**
 * The one rule of retries. An error type that the policy's `byError` names is counted by itself and tried again by its own rule;
 * what the rule leaves out is the policy's. Storage that is away uses up no retries: it is waited for. Everything else counts
 * against the task's `maxRetries`.
 *
 * @param earlier what failed before this attempt
 */
export function afterFailure(policy: TaskPolicy, earlier: Failures, failed: FailedAttempt): AfterFailure {
  const { type } = failed;
  const rule = ruleFor(policy, type);
  const retryable = failed.retryable ?? (rule !== undefined || isRetryable(type));
  if (rule !== undefined) {
    const { byError = {} } = earlier.spent ?? {};
    const count = (Object.hasOwn(byError, type) ? byError[type] : 0) + 1;
    const failures = { failures: earlier.failures, spent: { ...earlier.spent, byError: { ...byError, [type]: count } } };
    return { ...failures, ...(retryable ? nextOf(rule, count, failed) : NONE) };
  }
  if (type === 'StorageUnavailable' && retryable) return afterStorage(earlier, failed);
  const failures = { ...earlier, failures: earlier.failures + 1 };
  return { ...failures, ...(retryable ? nextOf(policy, failures.failures, failed) : NONE) };
}

/** How many attempts failed by their own fault, whatever they count against. */
export function failedAttempts({ failures, spent: { byError = {}, storage } = {} }: Failures): number {
  return Object.values(byError).reduce((sum, count) => sum + count, failures) + (storage?.count ?? 0);
}

/** At most so many attempts of a task can fail by their own fault. */
export function mostFailures({ maxRetries, byError = {} }: TaskPolicy): number {
  return Object.values(byError).reduce((sum, rule) => sum + (rule.maxRetries ?? maxRetries) + 1, maxRetries + 1) + MOST_STORAGE_FAILURES;
}

/** Wait before the retry that follows the n-th failure: retryDelay · backoff^(n−1), at most maxDelay. Milliseconds. */
export function retryWaitMs({ retryDelayMs, backoff, maxDelayMs }: RetryRule, failures: number): number {
  return Math.min(retryDelayMs * backoff ** (failures - 1), maxDelayMs);
}

const NONE: Next = { next: 'none' };

const nextOf = (rule: RetryRule, count: number, failed: FailedAttempt): Next =>
  count > rule.maxRetries ? NONE : waiting(Math.max(retryWaitMs(rule, count), failed.askedMs ?? 0), failed);

/** As long as it has been away it is waited for once more: the waits double. */
function afterStorage(earlier: Failures, failed: FailedAttempt): AfterFailure {
  const { at } = failed;
  const before = earlier.spent?.storage;
  const since = before === undefined || at - before.last > STORAGE_STEADY_MS ? at : before.since;
  const storage = { count: (before?.count ?? 0) + 1, since, last: at };
  const failures = { failures: earlier.failures, spent: { ...earlier.spent, storage } };
  if (at - since >= STORAGE_PATIENCE_MS || storage.count >= MOST_STORAGE_FAILURES) return { ...failures, ...NONE };
  return { ...failures, ...waiting(Math.min(Math.max(at - since, FIRST_STORAGE_WAIT_MS), LONGEST_STORAGE_WAIT_MS), failed) };
}

const waiting = (waitMs: number, { longestWaitInSlotMs = LONGEST_WAIT_IN_SLOT_MS }: FailedAttempt): Next => ({
  next: waitMs > longestWaitInSlotMs ? 'retryLater' : 'retry',
  waitMs,
});

/** A rule with what it leaves out; its first wait lengthens an inherited longest one. */
export function ruleFor(policy: TaskPolicy, type: string): RetryRule | undefined {
  const { byError = {} } = policy;
  if (!Object.hasOwn(byError, type)) return undefined;
  const own = byError[type as ErrorType] ?? {};
  const { maxRetries, retryDelayMs, backoff, maxDelayMs } = { ...policy, ...own };
  return { maxRetries, retryDelayMs, backoff, maxDelayMs: own.maxDelayMs ?? Math.max(maxDelayMs, retryDelayMs) };
}

/** Unknown errors are tried again: most are passing, and the retries are bounded. */
const isRetryable = (type: string): boolean => !Object.hasOwn(ERROR_EFFECTS, type) || ERROR_EFFECTS[type as ErrorType] === 'retryable';
