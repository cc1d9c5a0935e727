/**
 * Errors named by their effect. `activities/runner/failure.ts` maps every error of a task to one of these types, and the type alone
 * decides what the engine does with it.
 *
 * This file imports neither Temporal nor zod, because pure code throws these errors too.
 */

import { cutText } from './text/cut-text.ts';
import { oneLine } from './text/plain-text.ts';
import { thrownText } from './text/thrown-text.ts';

/** What the engine does with an error of each type. */
export const ERROR_EFFECTS = {
  /** The input of a run is wrong; no task runs. */
  InvalidPipeline: 'fatal',
  /** A task marked critical failed; the run ends. */
  CriticalTaskFailed: 'fatal',
  /** No symbol reached its last stage, or, in a run of custom tasks only, none of them succeeded; the run has ended. */
  NothingSucceeded: 'fatal',
  /** The user's input (a file, a parameter, a selector) is wrong; a retry cannot help. */
  BadInput: 'fatal',
  /** A venue or the network failed (5xx, timeouts, resets); retried. */
  SourceUnavailable: 'retryable',
  /** A venue asked us to slow down, or its rate limit is used up; retried after that wait. */
  RateLimited: 'retryable',
  /** A key is missing or refused; needs the user. */
  SourceUnauthorized: 'fatal',
  /** A venue refuses this address or region (HTML instead of JSON); needs the user. */
  SourceBlocked: 'fatal',
  /** A venue's answer lacks or renamed a field we use; needs a new version of PredictLab. */
  SourceSchemaChanged: 'fatal',
  /** Postgres is unreachable or refuses; retried. */
  StorageUnavailable: 'retryable',
  /** One attempt took longer than its timeout; retried. */
  TaskTimeout: 'retryable',
  /** The worker of an attempt was lost, and the task must not run twice or has lost too many workers; needs the user. */
  WorkerLost: 'fatal',
} as const;
export type ErrorType = keyof typeof ERROR_EFFECTS;

/** Errors of a whole run; no task fails with them. */
export const RUN_ERRORS = ['InvalidPipeline', 'CriticalTaskFailed', 'NothingSucceeded'] as const satisfies readonly ErrorType[];
export type RunErrorType = (typeof RUN_ERRORS)[number];

/**
 * An error whose type names its effect. The message says what happened, where, and what to do.
 *
 * @example
 * throw new PredictLabError('RateLimited', 'polymarket answered 429 on /v2/trades; waiting 12 s', { retryAfterMs: 12_000 });
 */
export class PredictLabError extends Error {
  override readonly name = 'PredictLabError';
  readonly type: ErrorType;
  /** The wait the other side asked for, in milliseconds. Only on retryable errors. */
  readonly retryAfterMs: number | undefined;

  constructor(type: ErrorType, message: string, options: { cause?: unknown; retryAfterMs?: number } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.type = type;
    this.retryAfterMs = options.retryAfterMs;
  }

  get retryable(): boolean {
    return ERROR_EFFECTS[this.type] === 'retryable';
  }
}

/** One problem of a user's input: the field, and what to do about it. */
export interface Problem {
  /** Path of the field (`tasks[2].dependencies[0]`), or the cycle (`a → b → a`). */
  readonly where: string;
  readonly message: string;
}

/** Most problems in one error, and most characters of each: the error is a payload, and an input of any size may be wrong everywhere. */
const MAX_PROBLEMS = 200;
const MAX_PROBLEM_LENGTH = 1_000;

/** All problems of an input in one error, one line each, so that a user can fix them together; only the first of very many. */
export class InvalidPipelineError extends PredictLabError {
  /** The problems that the message lists. */
  readonly problems: readonly Problem[];

  constructor(found: readonly Problem[]) {
    const count = found.length === 1 ? '1 problem' : `${found.length} problems`;
    const listed = found.slice(0, MAX_PROBLEMS).map(({ where, message }) => ({
      where: cutText(oneLine(where), MAX_PROBLEM_LENGTH),
      message: cutText(oneLine(message), MAX_PROBLEM_LENGTH),
    }));
    const lines = listed.map(({ where, message }) => `- ${where}: ${message}`);
    const more = found.length > listed.length ? [`- and ${found.length - listed.length} more`] : [];
    super('InvalidPipeline', [`${count} in the pipeline input:`, ...lines, ...more].join('\n'));
    this.problems = listed;
  }
}

/** The error of an attempt that was followed by another one, in short form. */
export interface PastError {
  readonly type: string;
  readonly message: string;
}

const MAX_PAST_MESSAGE_LENGTH = 300;

/** Shortens an error to its type and the beginning of its message: every heartbeat carries it. */
export const pastError = ({ type, message }: { readonly type?: string | null; readonly message: string }): PastError => ({
  type: type ?? 'Error',
  message: message.slice(0, MAX_PAST_MESSAGE_LENGTH),
});

/** The message of any thrown value; never throws itself. */
export function messageOf(error: unknown): string {
  try {
    if (error instanceof Error && typeof error.message === 'string') return error.message;
  } catch {
    // a proxy or a getter may throw when it is read
  }
  return thrownText(error);
}

/** The thrown value, or an error with its message where reading the value's properties throws. */
export function readableError(thrown: unknown): unknown {
  try {
    if (!(thrown instanceof Error)) {
      if (typeof thrown === 'object' && thrown !== null) Reflect.get(thrown, 'code');
      return thrown;
    }
    const { name, message, stack = '' } = thrown;
    if ([name, message, stack].every((text: unknown) => typeof text === 'string')) return thrown;
  } catch {
    // as in messageOf
  }
  return new Error(messageOf(thrown));
}
