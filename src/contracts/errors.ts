/**
 * Errors named by their effect. Whatever goes wrong in a task is mapped to one of these types once
 * (`activities/runner/failure.ts`), and the type alone decides what the engine does with it.
 *
 * No Temporal and no zod here: pure code throws these too.
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
  /** What the user gave (a file, a parameter, a selector) is wrong; trying again cannot help. */
  BadInput: 'fatal',
  /** A venue or a network path does not answer properly (5xx, timeouts, resets); tried again. */
  SourceUnavailable: 'retryable',
  /** A venue asked us to slow down, or what it allows is used up; tried again after that wait. */
  RateLimited: 'retryable',
  /** A key is missing or refused; needs the user. */
  SourceUnauthorized: 'fatal',
  /** A venue's edge refuses this address or region (HTML instead of JSON); needs the user. */
  SourceBlocked: 'fatal',
  /** An answer lost or renamed a field we use; needs a new version of PredictLab. */
  SourceSchemaChanged: 'fatal',
  /** Postgres is not there or refuses; tried again. */
  StorageUnavailable: 'retryable',
  /** One attempt took longer than its timeout; tried again. */
  TaskTimeout: 'retryable',
  /** Nobody knows whether an attempt did its work, and it must not be done twice; needs the user. */
  WorkerLost: 'fatal',
} as const;
export type ErrorType = keyof typeof ERROR_EFFECTS;

/** Errors that end a run; no task fails with them. */
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

/** One thing that is wrong with a user's input: which field, and what to do about it. */
export interface Problem {
  /** Path of the field (`tasks[2].dependencies[0]`), or the cycle (`a → b → a`). */
  readonly where: string;
  readonly message: string;
}

/** So many problems are told, each up to so many characters: the error travels, and an input of any size may be wrong everywhere. */
const PROBLEMS_TOLD = 200;
const LONGEST_PROBLEM = 1_000;

/** All problems in one error, one line each, so that a user mends them in one go; of very many the first. */
export class InvalidPipelineError extends PredictLabError {
  /** Those that are told. */
  readonly problems: readonly Problem[];

  constructor(found: readonly Problem[]) {
    const count = found.length === 1 ? '1 problem' : `${found.length} problems`;
    const told = found.slice(0, PROBLEMS_TOLD).map(({ where, message }) => ({
      where: cutText(oneLine(where), LONGEST_PROBLEM),
      message: cutText(oneLine(message), LONGEST_PROBLEM),
    }));
    const lines = told.map(({ where, message }) => `- ${where}: ${message}`);
    const more = found.length > told.length ? [`- and ${found.length - told.length} more`] : [];
    super('InvalidPipeline', [`${count} in the pipeline input:`, ...lines, ...more].join('\n'));
    this.problems = told;
  }
}

/** What is kept of an attempt that failed and was followed by another one. */
export interface PastError {
  readonly type: string;
  readonly message: string;
}

const LONGEST_PAST_MESSAGE = 300;

/** It travels with every heartbeat: the type and the beginning of the message, no stack. */
export const pastError = ({ type, message }: { readonly type?: string | null; readonly message: string }): PastError => ({
  type: type ?? 'Error',
  message: message.slice(0, LONGEST_PAST_MESSAGE),
});

/** The message of anything that was thrown; never throws itself. */
export function messageOf(error: unknown): string {
  try {
    if (error instanceof Error && typeof error.message === 'string') return error.message;
  } catch {
    // a proxy or a getter that does not want to be looked at
  }
  return thrownText(error);
}

/** What was thrown, or, where it throws when it is looked at, an error that can be. */
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
