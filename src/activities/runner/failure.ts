import { ApplicationFailure } from '@temporalio/activity';
import { ZodError } from 'zod';
import { badInput, messageOf, PredictLabError, readableError } from '../../contracts/errors.ts';
import type { TaskPolicy } from '../../contracts/run/run-config.ts';
import { afterFailure, type Failures } from '../../contracts/task/after-failure.ts';
import type { AttemptDetails } from '../../contracts/task/stage-report.ts';
import { cutError } from '../../contracts/text/cut-text.ts';
import { issueWords } from '../../contracts/text/issue-words.ts';
import type { Secrets } from '../../secrets/secrets.ts';

const NETWORK_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

/** Maps an error of a foreign library to a PredictLabError; undefined for an unknown one. Sources and storage map their own. */
function knownErrorOf(thrown: unknown): PredictLabError | undefined {
  if (thrown instanceof PredictLabError) return thrown;
  if (thrown instanceof ZodError) {
    const issues = thrown.issues.map((issue) => `${issue.path.join('.') || 'input'}: ${issueWords(issue)}`);
    return badInput(issues.join('; '), { cause: thrown });
  }
  const code = codeOf(thrown);
  if (code !== undefined && (NETWORK_CODES.has(code) || code.startsWith('UND_ERR'))) {
    return new PredictLabError('SourceUnavailable', messageOf(thrown) || code, { cause: thrown });
  }
  return undefined;
}

interface EndedAttempt {
  readonly secrets: Secrets;
  readonly policy: TaskPolicy;
  /** Number of attempts that started, including this one. */
  readonly attempts: number;
  readonly earlier: Failures;
  /** Time of the failure, UTC epoch milliseconds. @default the current time */
  readonly at?: number;
  /** Longest wait before a retry that keeps the slot. @default 30 s */
  readonly longestWaitInSlotMs?: number;
}

/** The failure that ends an attempt. It is retried after `nextRetryDelay`, or final, or returned to the scheduler with a long wait. */
export function failureOf(
  given: unknown,
  { secrets, policy, attempts, earlier, at = Date.now(), longestWaitInSlotMs }: EndedAttempt,
): ApplicationFailure {
  const thrown = readableError(given);
  const { type: ownType, message: said, retryable, retryAfterMs, cause } = describe(thrown);
  const error = cutError(secrets.json({ type: ownType, message: said, ...(thrown instanceof Error ? { stack: thrown.stack } : {}) }));
  const { type, message, stack } = error;
  const after = afterFailure(policy, earlier, { type, retryable, askedMs: retryAfterMs, at, longestWaitInSlotMs });
  const { failures, spent } = after;
  const details: AttemptDetails = { attempts, failures, ...(spent === undefined ? {} : { spent }), error };
  const failure = (options: { nonRetryable: boolean; nextRetryDelay?: number; details: [AttemptDetails] }) => {
    const created = ApplicationFailure.create({
      type,
      message,
      cause: cause instanceof Error ? cutCause(cause, secrets) : undefined,
      ...options,
    });
    if (stack !== undefined) created.stack = stack;
    return created;
  };
  if (after.next === 'none') return failure({ nonRetryable: true, details: [details] });
  if (after.next === 'retryLater') return failure({ nonRetryable: true, details: [{ ...details, retryAfterMs: after.waitMs }] });
  const retryDelayMs = Math.max(1, after.waitMs);
  return failure({ nonRetryable: false, nextRetryDelay: retryDelayMs, details: [{ ...details, retryDelayMs }] });
}

/** The failure of an attempt that was cut off: the next one follows immediately and the attempt does not count as a failure. */
export function lostAttempt(
  { message, stack }: Error,
  { attempts, earlier }: Pick<EndedAttempt, 'attempts' | 'earlier'>,
): ApplicationFailure {
  const type = 'WorkerLost';
  const details: AttemptDetails = { attempts, failures: earlier.failures, spent: earlier.spent, error: { type, message, stack } };
  return ApplicationFailure.create({ type, message, nextRetryDelay: NEXT_AT_ONCE_MS, details: [details] });
}

const NEXT_AT_ONCE_MS = 100;

/** Rebuilds the failure of a task's local attempt. The normal activity that continues the task first fails with it and is then retried. */
export function failureAgain(details: AttemptDetails): ApplicationFailure {
  const { error, retryDelayMs } = details;
  const failure = ApplicationFailure.create({ type: error.type, message: error.message, nextRetryDelay: retryDelayMs, details: [details] });
  if (error.stack !== undefined) failure.stack = error.stack;
  return failure;
}

/** The cause of an error, shortened for a payload and without its own cause, which is in the worker's log. */
export function cutCause({ name, message, stack }: Error, secrets: Secrets): Error {
  const cut = cutError(secrets.json({ type: name, message, ...(stack === undefined ? {} : { stack }) }));
  return Object.assign(new Error(cut.message), { name: cut.type, stack: cut.stack });
}

interface Described {
  readonly type: string;
  readonly message: string;
  /** Whether the error may be retried. @default decided by its type */
  readonly retryable?: boolean;
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

function describe(thrown: unknown): Described {
  // a plugin may throw Temporal's ApplicationFailure to decide itself about retries
  if (thrown instanceof ApplicationFailure) {
    return { type: thrown.type ?? 'Error', message: thrown.message, retryable: !thrown.nonRetryable, cause: thrown.cause };
  }
  const known = knownErrorOf(thrown);
  if (known !== undefined) {
    const { type, message, retryAfterMs, cause } = known;
    return { type, message, retryAfterMs, cause };
  }
  return { type: thrown instanceof Error ? thrown.name : 'Error', message: messageOf(thrown), retryable: true, cause: thrown };
}

function codeOf(thrown: unknown): string | undefined {
  if (typeof thrown !== 'object' || thrown === null || !('code' in thrown)) return undefined;
  return typeof thrown.code === 'string' ? thrown.code : undefined;
}

/** The error of a task that lost too many workers in a row, and may be the cause. */
export function tooManyLostWorkers(task: string, lostWorkers: number): PredictLabError {
  const workers = lostWorkers === 1 ? '1 worker was lost' : `${lostWorkers} workers in a row were lost`;
  return new PredictLabError(
    'WorkerLost',
    `${workers} while ${task} ran, so it probably ends their process; fix it, or raise its maxLostWorkers if the workers were lost for another reason`,
  );
}

/** The error of a task that lost its worker and must not run twice. */
export function lostWorker(taskId: string): PredictLabError {
  return new PredictLabError(
    'WorkerLost',
    `${taskId} was running on a worker that died, so its effect is unknown, and its onLostWorker is "fail"; check whether it did its work, then \`predictlab retry\` the run if it did not`,
  );
}

/** The error of an attempt that took longer than its timeout. */
export function timedOut(taskId: string, timeoutMs: number): PredictLabError {
  return new PredictLabError(
    'TaskTimeout',
    `${taskId} took longer than its timeout of ${timeoutMs / 1000} s; raise "timeout" or check what it waits for`,
  );
}
