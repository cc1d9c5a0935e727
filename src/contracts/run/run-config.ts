import type { ErrorType } from '../errors.ts';
import type { Interval, ReadyOrder, SourceType, Stage } from '../words.ts';
import type { BacktestSettings } from './backtest-settings.ts';
import type { Json } from './pipeline-input.ts';

/** How often a failed attempt is retried, and after which waits; times in milliseconds. */
export interface RetryRule {
  readonly maxRetries: number;
  readonly retryDelayMs: number;
  readonly backoff: number;
  readonly maxDelayMs: number;
}

/** The timeout and retries of one task. */
export interface TaskPolicy extends RetryRule {
  readonly timeoutMs: number;
  /** Rules by error type; the fields of a rule replace those of the policy. @default no rules */
  readonly byError?: Readonly<Partial<Record<ErrorType, Partial<RetryRule>>>>;
}

/** The settings of a stage, for every symbol of the run. */
export interface StageConfig {
  readonly policy: TaskPolicy;
  readonly critical: boolean;
  /** Replaces the symbol's own priority. */
  readonly priority?: number;
}

export interface SymbolConfig {
  readonly symbol: string;
  /** The symbol's priority in the catalogue; 1 goes first. */
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
  /** Whether the task usually ends within about 100 ms, so that it runs without an activity of its own. @default false */
  readonly short?: boolean;
  /** `fail`: the task does not run again after its worker was lost. @default "retry" */
  readonly onLostWorker?: 'fail';
  /** @default 2 */
  readonly maxLostWorkers?: number;
}

export interface StrategyConfig {
  readonly name: string;
  readonly params: Readonly<Record<string, Json>>;
  /** Trading settings of the strategy. @default the run's */
  readonly backtest?: BacktestSettings;
}

/** A `PipelineInput` with every default filled in and every name checked, as small JSON that is decided once per run. */
export interface RunConfig {
  readonly symbols: readonly SymbolConfig[];
  readonly sourceTypes: readonly SourceType[];
  readonly intervals: readonly Interval[];
  readonly daysBack: number;
  /** @default DEFAULT_CATCH_UP_MS */
  readonly catchUpMs?: number;
  readonly untilStage: Stage;
  readonly maxConcurrent: number;
  readonly order: ReadyOrder;
  readonly stages: Readonly<Record<Stage, StageConfig>>;
  readonly strategies: readonly StrategyConfig[];
  /** @default DEFAULT_BACKTEST */
  readonly backtest?: BacktestSettings;
  readonly tasks: readonly CustomTaskConfig[];
  readonly refetch: boolean;
  /** The run's deadline; UTC epoch milliseconds. @default none */
  readonly deadline?: number;
  /** UTC epoch milliseconds. */
  readonly asOf: number;
  /** Problems of listing the run's universes, one sentence each; the run is then degraded. @default none */
  readonly listingProblems?: readonly string[];
}

/** The part of a run's config that the stages need. A stage reads it from the database by the run's `executionId` when it starts. */
export type StageSettings = Pick<
  RunConfig,
  'sourceTypes' | 'intervals' | 'daysBack' | 'catchUpMs' | 'strategies' | 'backtest' | 'refetch' | 'asOf'
>;

export interface PrepareInput {
  /** The user's input, unchecked. */
  readonly input: unknown;
  readonly runId: string;
  readonly executionId: string;
  /** When the run started, and the default of `asOf`: the scheduled time, if any. UTC epoch milliseconds. */
  readonly startedAt: number;
  readonly defaultAsOf: number;
  /** The schedule that started the run. */
  readonly scheduleId?: string;
  /** The execution whose successes are taken over, for `retry`. */
  readonly retryOf?: string;
  /** Refuses the run while another run is open. @default false */
  readonly exclusive?: boolean;
  /** Whether the run's universes have been listed. @default false */
  readonly expanded?: boolean;
  /** Problems of listing the run's universes. @default none */
  readonly listingProblems?: readonly string[];
  /** Whether the run continues in a new execution: its input is checked already and its config is in the database. */
  readonly continued?: boolean;
}

/** The config and facts that a run uses, decided before its first task. */
export interface PreparedRun {
  readonly config: RunConfig;
  /** Mean seconds by task id or stage, from earlier runs; for the `critical-path` order. */
  readonly durations: Readonly<Record<string, number>>;
  readonly reused: ReadonlyMap<string, ReusedTask>;
  /** Whether the stored config is incomplete, because the input contains a secret, which is not stored. @default false */
  readonly inline?: boolean;
  /** Whether the Temporal namespace has PredictLab's search attributes, so that the run may set them. @default false */
  readonly searchable?: boolean;
}

/** The output and the degraded reasons of a task that a run reuses from an earlier run. */
export interface ReusedTask {
  readonly output?: Json;
  readonly degraded?: readonly string[];
}

/** Further arguments of a run's start: set by `retry`, and by the run itself when it continues as new. */
export interface RunOrigin {
  readonly retryOf?: string;
  /** Refuses the run before its first task while another run is open. @default false */
  readonly exclusive?: boolean;
  readonly continued?: ContinuedRun;
}

/** The state that one execution of a long run passes to the next. */
export interface ContinuedRun {
  /** The answer of `preparePipeline`, without reused tasks. @default absent: it was too large to carry, so the activity runs again */
  readonly prepared?: unknown;
  readonly startedAt: number;
  /** The scheduler's state as JSON. */
  readonly state: Json;
}
