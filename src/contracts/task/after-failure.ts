import { ERROR_EFFECTS, type ErrorType } from '../errors.ts';
import type { RetryRule, TaskPolicy } from '../run/run-config.ts';

/** Longest wait before a retry during which the task keeps its slot; a longer wait releases the slot. */
export const MAX_WAIT_IN_SLOT_MS = 30_000;

/** Time after its first storage failure for which a task waits for storage; a restart or a recovery takes minutes. */
export const STORAGE_PATIENCE_MS = 10 * 60_000;
const FIRST_STORAGE_WAIT_MS = 250;
const MAX_STORAGE_WAIT_MS = 30_000;
/** A storage failure this long after the last one starts a new outage, because storage was available in between. */
const STORAGE_STEADY_MS = 5 * 60_000;
/** Maximum number of storage failures of a task over all outages; one outage causes at most 27 within STORAGE_PATIENCE_MS. */
const MAX_STORAGE_FAILURES = 40;

/** A task's failures so far, grouped by the limit that each counts against. */
export interface Failures {
  /** Attempts that used up one of the task's own retries. */
  readonly failures: number;
  readonly spent?: Spent;
}

/** Failures that do not count against `maxRetries` but against separate limits. */
export interface Spent {
  /** Counts by error type, for types with a rule in the policy. */
  readonly byError?: Readonly<Record<string, number>>;
  /** Attempts that failed for lack of storage: their number, the start of the outage and the last failure (UTC epoch milliseconds). */
  readonly storage?: { readonly count: number; readonly since: number; readonly last: number };
}

/** How an attempt failed. */
export interface FailedAttempt {
  readonly type: string;
  /** Whether the error may be retried. @default decided by the type; true for an unknown type */
  readonly retryable?: boolean;
  /** The wait that the venue or service requested. @default none */
  readonly askedMs?: number;
  readonly at: number;
  /** Longest wait that keeps the slot; a longer wait releases it. @default 30 s */
  readonly longestWaitInSlotMs?: number;
}

/** What follows a failed attempt: nothing, or another attempt after a wait that keeps the slot or releases it. */
export type AfterFailure = Failures & Next;
type Next = { readonly next: 'none' } | { readonly next: 'retry' | 'retryLater'; readonly waitMs: number };

/**
 * Decides what follows a failed attempt. An error type in the policy's `byError` is counted separately, by its own rule; fields that the
 * rule lacks are the policy's. Unavailable storage uses up no retries: the task waits for it. Other failures count against `maxRetries`.
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

/** The number of attempts that failed, over all limits. Attempts that were lost with their worker are not included. */
export function failedAttempts({ failures, spent: { byError = {}, storage } = {} }: Failures): number {
  return Object.values(byError).reduce((sum, count) => sum + count, failures) + (storage?.count ?? 0);
}

/** The largest possible number of failed attempts of a task, without attempts that are lost with their worker. */
export function mostFailures({ maxRetries, byError = {} }: TaskPolicy): number {
  return Object.values(byError).reduce((sum, rule) => sum + (rule.maxRetries ?? maxRetries) + 1, maxRetries + 1) + MAX_STORAGE_FAILURES;
}

/** Milliseconds before the retry that follows the n-th failure: retryDelay · backoff^(n−1), at most maxDelay. */
export function retryWaitMs({ retryDelayMs, backoff, maxDelayMs }: RetryRule, failures: number): number {
  return Math.min(retryDelayMs * backoff ** (failures - 1), maxDelayMs);
}

const NONE: Next = { next: 'none' };

const nextOf = (rule: RetryRule, count: number, failed: FailedAttempt): Next =>
  count > rule.maxRetries ? NONE : waiting(Math.max(retryWaitMs(rule, count), failed.askedMs ?? 0), failed);

/** Decides what follows a storage failure. Each wait is as long as the outage has lasted so far, so the waits double. */
function afterStorage(earlier: Failures, failed: FailedAttempt): AfterFailure {
  const { at } = failed;
  const before = earlier.spent?.storage;
  const since = before === undefined || at - before.last > STORAGE_STEADY_MS ? at : before.since;
  const storage = { count: (before?.count ?? 0) + 1, since, last: at };
  const failures = { failures: earlier.failures, spent: { ...earlier.spent, storage } };
  if (at - since >= STORAGE_PATIENCE_MS || storage.count >= MAX_STORAGE_FAILURES) return { ...failures, ...NONE };
  return { ...failures, ...waiting(Math.min(Math.max(at - since, FIRST_STORAGE_WAIT_MS), MAX_STORAGE_WAIT_MS), failed) };
}

const waiting = (waitMs: number, { longestWaitInSlotMs = MAX_WAIT_IN_SLOT_MS }: FailedAttempt): Next => ({
  next: waitMs > longestWaitInSlotMs ? 'retryLater' : 'retry',
  waitMs,
});

/** The rule for an error type; fields that it lacks are the policy's. An inherited `maxDelayMs` is raised to the rule's first wait. */
export function ruleFor(policy: TaskPolicy, type: string): RetryRule | undefined {
  const { byError = {} } = policy;
  if (!Object.hasOwn(byError, type)) return undefined;
  const own = byError[type as ErrorType] ?? {};
  const { maxRetries, retryDelayMs, backoff, maxDelayMs } = { ...policy, ...own };
  return { maxRetries, retryDelayMs, backoff, maxDelayMs: own.maxDelayMs ?? Math.max(maxDelayMs, retryDelayMs) };
}

/** Unknown errors are retried: most are temporary, and the retries are bounded. */
const isRetryable = (type: string): boolean => !Object.hasOwn(ERROR_EFFECTS, type) || ERROR_EFFECTS[type as ErrorType] === 'retryable';
