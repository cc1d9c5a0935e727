import { ApplicationFailure } from '@temporalio/common';
import type { CandleSeries } from '../../../backtest/engine/candle-series.ts';
import type { Market } from '../../../backtest/engine/market.ts';
import type { TwinSeries } from '../../../backtest/engine/window/twin-bars.ts';
import type { Trial } from '../../../backtest/run-backtest.ts';
import type { WalkForwardParts } from '../../../backtest/walk-forward/windows.ts';
import { type ErrorType, messageOf, PredictLabError, readableError } from '../../../contracts/errors.ts';
import type { Json } from '../../../contracts/run/pipeline-input.ts';

/** A task that was asked to stop has this long to do so; a loop that hears nothing is then ended with its thread. */
export const STOP_GRACE_MS = 2_000;

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

/** What it receives while it runs: to stop, and why. */
export interface ToThread {
  readonly abort: ThrownError;
}

/** All trials on one series. */
export interface SeriesJob {
  /** As `PREDICTLAB_PLUGINS` names them. */
  readonly plugins: string;
  /** Names the series in errors. */
  readonly series: string;
  /** Strategies by their names, with one combination of parameters each. */
  readonly trials: readonly (Omit<Trial, 'strategy'> & { readonly strategy: string })[];
  readonly candles: CandleSeries;
  readonly market: Market;
  /** How long a bar lasts; milliseconds. */
  readonly barMs: number;
  /** The same question at another venue. */
  readonly twin: Pick<TwinSeries, 'id' | 'candles' | 'barMs'> | null;
}

/** A walk through a series with all trials. */
export interface WalkForwardJob extends SeriesJob {
  readonly parts: WalkForwardParts;
}

/** What a thread of the pool does. */
export type PoolJob = { readonly task: ThreadTask } | { readonly backtests: SeriesJob } | { readonly walkForward: WalkForwardJob };

/** What a thread of the pool is started with. */
export interface PoolData {
  /** The name of the channel on which it tells errors that no task waits for. */
  readonly strayErrors: string;
}

/** What a plugin's own thread is started with. */
export interface OwnThreadData {
  /** As `PREDICTLAB_PLUGINS` names it. */
  readonly module: string;
  /** Two whole numbers, at BEGUN and COMPUTING. */
  readonly progress: SharedArrayBuffer;
}

/** Place of the id of the task that has begun last. Tasks begin in the order of their ids. */
export const BEGUN = 0;
/** Place of the id of the task whose function computes at this moment, not yet waiting for anything; 0 is none. */
export const COMPUTING = 1;

export type ToOwnThread =
  | { readonly id: number; readonly task: ThreadTask }
  | ({ readonly id: number } & ToThread)
  | { readonly ping: true };

export type FromOwnThread =
  | ({ readonly id: number } & FromThread)
  | { readonly id: number; readonly end: ThreadEnd }
  | { readonly pong: true }
  /** The module is loaded, or could not be. */
  | { readonly ready: true }
  | { readonly stray: ThrownError };

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
