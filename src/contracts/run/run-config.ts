import type { ErrorType } from '../errors.ts';
import type { Interval, ReadyOrder, SourceType, Stage } from '../words.ts';
import type { BacktestSettings } from './backtest-settings.ts';
import type { Json } from './pipeline-input.ts';

/** How often and after which waits an attempt that failed is followed by another one; times in milliseconds. */
export interface RetryRule {
  readonly maxRetries: number;
  readonly retryDelayMs: number;
  readonly backoff: number;
  readonly maxDelayMs: number;
}

/** How one task is tried and tried again. */
export interface TaskPolicy extends RetryRule {
  /** One attempt; milliseconds. */
  readonly timeoutMs: number;
  /** What is different after errors of a type; see `afterFailure`. @default nothing is */
  readonly byError?: Readonly<Partial<Record<ErrorType, Partial<RetryRule>>>>;
}

/** A stage as it applies to every symbol of the run. */
export interface StageConfig {
  readonly policy: TaskPolicy;
  readonly critical: boolean;
  /** Overrides the symbol's own priority when set. */
  readonly priority?: number;
}

/** A symbol that takes part in the run. */
export interface SymbolConfig {
  readonly symbol: string;
  /** From the catalogue, 1 goes first. */
  readonly priority: number;
}

export interface CustomTaskConfig {
  readonly taskId: string;
  readonly name: string;
  readonly activity: string;
  readonly args: readonly Json[];
  readonly dependencies: readonly string[];
  readonly runBefore: readonly string[];
  readonly policy: TaskPolicy;
  readonly critical: boolean;
  readonly priority: number;
  /** `fail`: not again when nobody knows whether it ran. @default "retry" */
  readonly onLostWorker?: 'fail';
}

export interface StrategyConfig {
  readonly name: string;
  readonly params: Readonly<Record<string, Json>>;
  /** @default the run's */
  readonly backtest?: BacktestSettings;
}

/**
 * A `PipelineInput` with every default filled in and every name checked: what the workflow, the scheduler and the
 * stages work from. Small and JSON; decided once per run.
 */
export interface RunConfig {
  readonly symbols: readonly SymbolConfig[];
  readonly sourceTypes: readonly SourceType[];
  readonly intervals: readonly Interval[];
  readonly daysBack: number;
  readonly untilStage: Stage;
  readonly maxConcurrent: number;
  readonly order: ReadyOrder;
  readonly stages: Readonly<Record<Stage, StageConfig>>;
  readonly strategies: readonly StrategyConfig[];
  /** Absent in runs that were begun before there was a choice. @default DEFAULT_BACKTEST */
  readonly backtest?: BacktestSettings;
  readonly tasks: readonly CustomTaskConfig[];
  readonly refetch: boolean;
  /** When the run has to have ended; UTC epoch milliseconds. @default none */
  readonly deadline?: number;
  /** UTC epoch milliseconds. */
  readonly asOf: number;
}

/** The part of a run's config that a symbol's stages need; looked up by the run's execution when one starts. */
export interface StageSettings {
  readonly sourceTypes: readonly SourceType[];
  readonly intervals: readonly Interval[];
  readonly daysBack: number;
  readonly strategies: readonly StrategyConfig[];
  /** @default DEFAULT_BACKTEST */
  readonly backtest?: BacktestSettings;
  readonly refetch: boolean;
  readonly asOf: number;
}

/** Input of the activity that checks a run's input and decides its config. */
export interface PrepareInput {
  /** What the user gave, unchecked. */
  readonly input: unknown;
  readonly runId: string;
  readonly executionId: string;
  /** When the run started, and the instant it runs as of by default (the scheduled time, if any); UTC epoch milliseconds. */
  readonly startedAt: number;
  readonly defaultAsOf: number;
  /** The schedule that started it. */
  readonly scheduleId?: string;
  /** The execution whose successes are taken over, for `retry`. */
  readonly retryOf?: string;
  /** Refused where another run is open. @default false */
  readonly exclusive?: boolean;
  /** The run goes on in a new execution: it was checked before, and what was decided stands in the database. */
  readonly continued?: boolean;
}

/** What a run works from, decided before its first task. */
export interface PreparedRun {
  readonly config: RunConfig;
  /** Mean seconds by task id or stage, from earlier runs; for the `critical-path` order. */
  readonly durations: Readonly<Record<string, number>>;
  /** What is taken over from an earlier run, by task id. */
  readonly reused: ReadonlyMap<string, ReusedTask>;
  /** The database does not have the whole config: something secret was written into it. @default it has */
  readonly inline?: boolean;
  /** The run may set the search attributes: the namespace has them. @default it has not */
  readonly searchable?: boolean;
}

/** What an earlier run's task came to, as far as it is still of interest. */
export interface ReusedTask {
  readonly output?: Json;
  readonly degraded?: readonly string[];
}

/** How a run is started besides its input: by `retry`, and by the run itself when it continues as new. */
export interface RunOrigin {
  readonly retryOf?: string;
  /** Refused before its first task where another run is open. @default false */
  readonly exclusive?: boolean;
  readonly continued?: ContinuedRun;
}

/** What travels from one execution of a long run to the next. */
export interface ContinuedRun {
  /** As `preparePipeline` returned it, without what was taken over. @default too large to travel on: it is asked for again */
  readonly prepared?: unknown;
  readonly startedAt: number;
  /** The scheduler's state, as `dehydrate` wrote it. */
  readonly state: Json;
}
