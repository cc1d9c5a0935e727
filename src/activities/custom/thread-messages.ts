import { ApplicationFailure } from '@temporalio/common';
import { type ErrorType, messageOf, PredictLabError } from '../../contracts/errors.ts';
import type { Json } from '../../contracts/pipeline-input.ts';

/** One task of a plugin, as a thread gets it. */
export interface ThreadTask {
  /** The plugin's module, as `PREDICTLAB_PLUGINS` names it. */
  readonly module: string;
  readonly activity: string;
  readonly input: unknown;
  readonly runId: string;
  readonly taskId: string;
  readonly attempt: number;
  readonly resume: Json | undefined;
}

/** What the activity says while it runs. */
export type FromThread =
  | { readonly heartbeat: Json | undefined }
  | { readonly log: 'debug' | 'info' | 'warn' | 'error'; readonly message: string; readonly fields?: Record<string, unknown> };

/** What it is told while it runs: to stop, and why. */
export interface ToThread {
  readonly abort: ThrownError;
}

/** How the activity ended. An error cannot cross threads as it is: its class and its fields are lost on the way. */
export type ThreadEnd = { readonly output: Json } | { readonly thrown: ThrownError };

/** Everything about an error that decides what becomes of the task. */
export interface ThrownError {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  readonly code?: string;
  /** Of a PredictLabError. */
  readonly type?: ErrorType;
  readonly retryAfterMs?: number;
  /** Of Temporal's ApplicationFailure. */
  readonly failure?: { readonly type?: string; readonly nonRetryable: boolean };
}

/** What was thrown, as data that another thread can read. */
export function describeThrown(thrown: unknown): ThrownError {
  if (!(thrown instanceof Error)) return { name: 'Error', message: messageOf(thrown) };
  const { name, message, stack } = thrown;
  const described = { name, message, ...(stack === undefined ? {} : { stack }) };
  if (thrown instanceof PredictLabError) {
    return { ...described, type: thrown.type, ...(thrown.retryAfterMs === undefined ? {} : { retryAfterMs: thrown.retryAfterMs }) };
  }
  if (thrown instanceof ApplicationFailure) {
    const { type, nonRetryable } = thrown;
    return { ...described, failure: { ...(type ? { type } : {}), nonRetryable: nonRetryable === true } };
  }
  return 'code' in thrown && typeof thrown.code === 'string' ? { ...described, code: thrown.code } : described;
}

/** The error that was described, with what decides whether it is tried again. */
export function errorOf({ name, message, stack, code, type, retryAfterMs, failure }: ThrownError): Error {
  const error =
    type !== undefined
      ? new PredictLabError(type, message, retryAfterMs === undefined ? {} : { retryAfterMs })
      : failure !== undefined
        ? ApplicationFailure.create({ message, ...failure })
        : Object.assign(new Error(message), { name }, code === undefined ? {} : { code });
  if (stack !== undefined) error.stack = stack;
  return error;
}
