import type { Json } from './pipeline-input.ts';
import type { Interval, Order, SourceType, Stage } from './words.ts';

/** How one task is tried and tried again; all times in milliseconds. */
export interface TaskPolicy {
  readonly maxRetries: number;
  readonly retryDelayMs: number;
  readonly backoff: number;
  readonly maxDelayMs: number;
  /** One attempt. */
  readonly timeoutMs: number;
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
}

export interface StrategyConfig {
  readonly name: string;
  readonly params: Readonly<Record<string, Json>>;
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
  readonly order: Order;
  readonly stages: Readonly<Record<Stage, StageConfig>>;
  readonly strategies: readonly StrategyConfig[];
  readonly tasks: readonly CustomTaskConfig[];
  readonly refetch: boolean;
  /** UTC epoch milliseconds. */
  readonly asOf: number;
}

/** The part of a run's config that a symbol's stages need; travels to the child and to each activity. */
export interface StageSettings {
  readonly sourceTypes: readonly SourceType[];
  readonly intervals: readonly Interval[];
  readonly daysBack: number;
  readonly strategies: readonly StrategyConfig[];
  readonly refetch: boolean;
  readonly asOf: number;
}
