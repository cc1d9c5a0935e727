import { cutText } from './text/cut-text.ts';
import { oneLine } from './text/plain-text.ts';

/**
 * Types of errors. The type alone decides what the engine does with an error. `activities/runner/failure.ts` assigns a type to each
 * failure. This file imports neither Temporal nor zod, because pure code throws these errors too.
 */

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
  /** A venue requested a wait, or its rate limit is used up; retried after the wait. */
  RateLimited: 'retryable',
  /** A key is missing or refused; needs the user. */
  SourceUnauthorized: 'fatal',
  /** A venue refuses this address or region (HTML instead of JSON); needs the user. */
  SourceBlocked: 'fatal',
  /** A venue's answer lacks a field that PredictLab uses, or renamed it; needs a new version of PredictLab. */
  SourceSchemaChanged: 'fatal',
  /** Postgres is unreachable or refuses the connection or the statement; retried. */
  StorageUnavailable: 'retryable',
  /** One attempt took longer than its timeout; retried. */
  TaskTimeout: 'retryable',
  /** The worker of an attempt was lost, and the task must not run twice or has lost too many workers; needs the user. */
  WorkerLost: 'fatal',
} as const;
export type ErrorType = keyof typeof ERROR_EFFECTS;

/** Types of errors that end a whole run; no single task fails with them. */
export const RUN_ERRORS = ['InvalidPipeline', 'CriticalTaskFailed', 'NothingSucceeded'] as const satisfies readonly ErrorType[];
export type RunErrorType = (typeof RUN_ERRORS)[number];

/**
 * An error whose type names its effect. The message says what happened, where, and what to do.
 *
 * @example
 * throw new PredictLabError('RateLimited', 'the venue answered 429 on /v2/trades; waiting 12 s', { retryAfterMs: 12_000 });
 */
export class PredictLabError extends Error {
  override readonly name = 'PredictLabError';
  readonly type: ErrorType;
  /** The wait that the venue or service requested, in milliseconds. Only on retryable errors. */
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

/** Creates an error about input that only the user can fix. @param message one sentence: what, where and what to do */
export const badInput = (message: string, options?: { cause?: unknown }): PredictLabError =>
  new PredictLabError('BadInput', message, options);

/** Creates an error about a database that cannot be used, or its folder or server. @param message what is wrong, and what to do */
export const unusable = (message: string, options?: { cause?: unknown }): PredictLabError =>
  new PredictLabError('StorageUnavailable', message, options);

/** One problem of a user's input: the field, and what to do about it. */
export interface Problem {
  /** Path of the field (`tasks[2].dependencies[0]`), or the cycle (`a → b → a`). */
  readonly where: string;
  readonly message: string;
}

/** Maximum number of problems in one error, and of characters of each, because the error is a payload. */
const MAX_PROBLEMS = 200;
const MAX_PROBLEM_LENGTH = 1_000;

/** An error with all problems of an input, one line each, so that a user can fix them together; at most MAX_PROBLEMS are listed. */
export class InvalidPipelineError extends PredictLabError {
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

/** Shortens an error to its type and the beginning of its message, because every heartbeat of a later attempt carries it. */
export const pastError = ({ type, message }: { readonly type?: string | null; readonly message: string }): PastError => ({
  type: type ?? 'Error',
  message: message.slice(0, MAX_PAST_MESSAGE_LENGTH),
});

/** The message of any thrown value. Never throws, even if reading the value does. */
export function messageOf(error: unknown): string {
  try {
    if (error instanceof Error && typeof error.message === 'string') return error.message;
  } catch {
    // Reading a proxy or a getter may throw; `thrownText` describes such a value.
  }
  return thrownText(error);
}

/** Returns the thrown value, or, if reading its properties throws, a new error that describes it. */
export function readableError(thrown: unknown): unknown {
  try {
    if (!(thrown instanceof Error)) {
      if (typeof thrown === 'object' && thrown !== null) Reflect.get(thrown, 'code');
      return thrown;
    }
    const { name, message, stack = '' } = thrown;
    if ([name, message, stack].every((text: unknown) => typeof text === 'string')) return thrown;
  } catch {
    // Reading the value's properties threw, so a new error replaces it.
  }
  return new Error(messageOf(thrown));
}

/** Maximum number of characters of a thrown object's JSON in a message. */
const MAX_OBJECT_LENGTH = 300;

/** Describes any thrown value, even an object whose properties throw when they are read. Never throws itself. */
function thrownText(thrown: unknown): string {
  if (thrown === undefined || thrown === null || thrown === '') return `nothing (${thrown === '' ? 'an empty text' : thrown} was thrown)`;
  if (typeof thrown === 'function') return `a function was thrown${named(() => thrown.name)}`;
  if (typeof thrown !== 'object') return (thrown as string | number | bigint | boolean | symbol).toString();
  const message = attempt(() => (thrown as { message?: unknown }).message);
  if (typeof message === 'string' && message !== '') return message;
  const json = attempt(() => JSON.stringify(thrown));
  if (typeof json === 'string' && json !== '{}') return cutText(json, MAX_OBJECT_LENGTH);
  return `an object without a message was thrown${named(() => thrown.constructor.name)}`;
}

function named(read: () => unknown): string {
  const name = attempt(read);
  return typeof name === 'string' && name !== '' ? ` (${cutText(name, 100)})` : '';
}

function attempt(read: () => unknown): unknown {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** Why a file cannot be used, by Node.js's error code, in the user's words. */
const TROUBLES: Readonly<Record<string, string>> = {
  EACCES: 'its permissions forbid it',
  EDQUOT: 'there is no room on the disk',
  EEXIST: 'a file of that name is there already',
  EISDIR: 'it is a folder',
  ELOOP: 'its links lead in a circle',
  ENAMETOOLONG: 'its name is too long',
  ENOENT: 'there is no such file or folder',
  ENOSPC: 'there is no room on the disk',
  ENOTDIR: 'a part of its path is a file, not a folder',
  EPERM: 'its permissions forbid it',
  EROFS: 'its disk may only be read',
};

/** Why a file cannot be read or written, as the end of a sentence; the first line of the error's message if its code is not known. */
export function fileTrouble(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return TROUBLES[code] ?? messageOf(error).split('\n')[0];
}

/** A file of PredictLab is missing; carries Node.js's code for a missing module. */
export class MissingPartError extends Error {
  override readonly name = 'MissingPartError';
  readonly code = 'MODULE_NOT_FOUND';
}

const MISSING = new Set(['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND']);

/**
 * A sentence about a file or package that PredictLab lacks; undefined for other errors, including those about a module that a plugin lacks.
 */
export function missingPart(error: unknown): string | undefined {
  if (!(error instanceof Error) || error instanceof PredictLabError) return undefined;
  if (!('code' in error) || typeof error.code !== 'string' || !MISSING.has(error.code)) return undefined;
  // Node.js adds lines that list the modules which require the missing one
  const [what] = error.message.split('\n');
  return `predictlab is not whole: ${what}; run: npm run build, or where it is installed, npm install predictlab`;
}
