import { ApplicationFailure } from '@temporalio/common';
import type { CandleSeries } from '../../../backtest/engine/candle-series.ts';
import type { Market } from '../../../backtest/engine/market.ts';
import type { TwinSeries } from '../../../backtest/engine/window/twin-bars.ts';
import type { Trial } from '../../../backtest/run-backtest.ts';
import type { WalkForwardParts } from '../../../backtest/walk-forward/windows.ts';
import { type ErrorType, messageOf, PredictLabError, readableError } from '../../../contracts/errors.ts';
import type { Json } from '../../../contracts/run/pipeline-input.ts';

/** Time within which a thread with a free event loop answers a ping, also on a busy machine. */
export const ANSWER_MS = 3_000;
/** Time that a thread may take to start and to load its module before it counts as blocked. */
export const START_MS = 30_000;
/** Time that a task has to stop after an abort; a task that runs longer is ended together with its thread. */
export const STOP_GRACE_MS = 2_000;

export interface ThreadTask {
  readonly module: string;
  readonly activity: string;
  readonly input: unknown;
  readonly runId: string;
  readonly taskId: string;
  readonly attempt: number;
  readonly resume: Json | undefined;
}

/** A message from a running activity: a heartbeat or a log line. */
export type FromThread =
  | { readonly heartbeat: Json | undefined }
  | { readonly log: 'debug' | 'info' | 'warn' | 'error'; readonly message: string; readonly fields?: Record<string, unknown> };

/** A message to a running activity: the request to stop, with its reason. */
export interface ToThread {
  readonly abort: ThrownError;
}

export interface SeriesJob {
  /** Modules of the trials' strategies, separated by commas. */
  readonly plugins: string;
  readonly series: string;
  /** Strategies by their names, with one combination of parameters each. */
  readonly trials: readonly (Omit<Trial, 'strategy'> & { readonly strategy: string })[];
  readonly candles: CandleSeries;
  readonly market: Market;
  /** Length of a bar in milliseconds. */
  readonly barMs: number;
  /** Series of the twin, the same question at another venue; null if there is none. */
  readonly twin: Pick<TwinSeries, 'id' | 'candles' | 'barMs'> | null;
}

export interface WalkForwardJob extends SeriesJob {
  readonly parts: WalkForwardParts;
}

export type PoolJob = { readonly task: ThreadTask } | { readonly backtests: SeriesJob } | { readonly walkForward: WalkForwardJob };

/** A message from a thread of the pool about its job: the last one has the result. */
export type FromPool =
  | FromThread
  | { readonly end: unknown }
  /** Refuses backtests, because a plugin changed an object that all code of the thread shares. */
  | { readonly used: true };

/** An error on a thread of the pool that no task waits for, and the module whose task ran last. */
export interface StrayOfPool {
  readonly module: string;
  readonly stray: ThrownError;
}

export interface OwnThreadData {
  readonly module: string;
  /** Shared memory with two integers, at the indices LAST_STARTED and COMPUTING. */
  readonly progress: SharedArrayBuffer;
}

/** Index at which `progress` has the id of the task that started last. Tasks start in the order of their ids. */
export const LAST_STARTED = 0;
/** Index at which `progress` has the id of the task whose function computes now and has not waited yet; 0 for none. */
export const COMPUTING = 1;

export type ToOwnThread =
  | { readonly id: number; readonly task: ThreadTask }
  | ({ readonly id: number } & ToThread)
  | { readonly ping: true };

export type FromOwnThread =
  | ({ readonly id: number } & FromThread)
  | { readonly id: number; readonly end: ThreadEnd }
  | { readonly pong: true }
  | { readonly ready: true }
  | { readonly stray: ThrownError };

/** Output or error of an activity. The error is plain data, since a thrown error loses its class and fields between threads. */
export type ThreadEnd = { readonly output: Json } | { readonly thrown: ThrownError };

/** The properties of an error that its task's retries and reports depend on. */
export interface ThrownError {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  readonly code?: string;
  readonly type?: ErrorType;
  readonly retryAfterMs?: number;
  readonly failure?: { readonly type?: string; readonly nonRetryable: boolean };
}

/** Describes a thrown value as data that another thread can read. */
export function describeThrown(given: unknown): ThrownError {
  const thrown = readableError(given);
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

/** Rebuilds an error from its description, with the properties that decide about retries. */
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
