import type { ErrorType, RunErrorType } from '../errors.ts';
import type { Interval, ReadyOrder, SourceType, Stage } from '../words.ts';
import type { BacktestInput, StrategyBacktestInput } from './backtest-settings.ts';

/** A JSON value, the form of every Temporal payload. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** A duration as users write it: `"5m"`, `"1s"`, `"250ms"`. */
export type DurationText = string;

/** How often a failed attempt is retried, and after which waits. */
export interface RetryRuleInput {
  /** Attempts after the first. @default 3 */
  maxRetries?: number;
  /** Wait before the first retry. @default "1s" */
  retryDelay?: DurationText;
  /** Factor from one wait to the next; 1 keeps the wait fixed. @default 2 */
  backoff?: number;
  /** Longest wait. @default "1m" */
  maxDelay?: DurationText;
}

/** How a failed task is retried. */
export interface RetryInput extends RetryRuleInput {
  /**
   * Rules by error type, each counted separately: `{ "RateLimited": { "maxRetries": 10 } }` also retries a type that is otherwise final.
   * @default none
   */
  byError?: Partial<Record<TaskErrorType, RetryRuleInput>>;
}

/** Error types that a task can fail with. */
export type TaskErrorType = Exclude<ErrorType, RunErrorType>;

/** Overrides for one stage of every symbol. */
export interface StageOverrides {
  timeout?: DurationText;
  retry?: RetryInput;
  critical?: boolean;
  /** 1 goes first, 5 last. */
  priority?: number;
}

/** A custom task, in addition to the built-in graph. */
export interface CustomTaskInput extends RetryInput {
  taskId: string;
  name?: string;
  /** The name of an activity registered on the worker: `sleep`, `httpGet`, `httpPost` or a plugin's. */
  activity: string;
  args?: Json[];
  /** Tasks that must succeed before this one starts. */
  dependencies?: string[];
  /** Built-in tasks that wait for this one. */
  runBefore?: string[];
  timeout?: DurationText;
  critical?: boolean;
  /** 1 goes first, 5 last. @default 3 */
  priority?: number;
  /**
   * Whether the task usually takes under 100 ms: it then runs inside the run's workflow task, without round trips to the server.
   * @default true when 95% of at least 20 recent executions of this task id took less than 100 ms
   */
  short?: boolean;
  /**
   * Whether the task runs again after its worker died during it, with unknown effect. `fail` and `maxRetries: 0` mean "at most once".
   * @default "retry"
   */
  onLostWorker?: 'retry' | 'fail';
  /** Number of workers lost in a row after which the task fails as `WorkerLost`, because it probably crashes them. @default 2 */
  maxLostWorkers?: number;
}

/** A strategy and its parameters; a list of values makes a grid of trials. */
export interface StrategyInput {
  name: string;
  params?: Record<string, Json>;
  /** Trading settings of this strategy that differ from the run's. */
  backtest?: StrategyBacktestInput;
}

/**
 * The input of the `pipeline` workflow. Every field has a default, so `{}` runs everything that is enabled.
 *
 * @example
 * { "symbols": ["BTC_PRICE"], "daysBack": 2, "untilStage": "kline" }
 */
export interface PipelineInput {
  /** @default every enabled symbol of the catalogue that has selectors for the chosen sources; [] = none, custom tasks only */
  symbols?: string[];
  /** @default every loaded venue that is not left out by default */
  sourceTypes?: SourceType[];
  /** @default ["1h", "4h", "1d"] */
  intervals?: Interval[];
  /** @default 7 */
  daysBack?: number;
  /** How far before its window a run also collects data that was missed while no run took place; `"0s"` = not at all. @default "7d" */
  catchUp?: DurationText;
  /** Partial run: stop after this stage. @default "visualize" */
  untilStage?: Stage;
  /** Maximum number of tasks of the run that run at the same time. @default 5 */
  maxConcurrent?: number;
  /** @default "priority" */
  order?: ReadyOrder;
  /** Stages whose failure stops the run. @default [] */
  criticalStages?: Stage[];
  retry?: RetryInput;
  /** Longest time of one attempt of a task. @default "5m" */
  timeout?: DurationText;
  /** Overrides per stage. @default { "collect": { "timeout": "15m" } } */
  stages?: Partial<Record<Stage, StageOverrides>>;
  /** @default [{ "name": "sma-cross", "params": { "fast": 10, "slow": 30 } }] */
  strategies?: StrategyInput[];
  /** How the backtest stage trades, on how much history, and how it validates out of sample. */
  backtest?: BacktestInput;
  /** `"30m"` after the start, or a time of day in UTC, `"12:15Z"`; a run that ends later is degraded. @default none */
  deadline?: string | null;
  tasks?: CustomTaskInput[];
  /** Collect the whole window again, not only what coverage lacks. @default false */
  refetch?: boolean;
  /** Run as if now were this instant (backfill). @default the scheduled or start time */
  asOf?: string | null;
}
