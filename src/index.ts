/** The library: what programs and plugins import from `predictlab`. */
export { PredictLab, RunEnded, type StartedRun, type StartOptions } from './client.ts';
export { definePlugin, type ActivityContext, type Plugin, type PluginActivity } from './plugins.ts';
export { defineStrategy, type BarsSoFar, type Reading, type Signal, type Strategy } from './backtest/strategy.ts';
export type { CustomTaskInput, PipelineInput, RetryInput, StageInput, StrategyInput } from './contracts/pipeline-input.ts';
export type {
  GraphTask,
  PipelineResult,
  PipelineStatus,
  PlannedTask,
  StageStats,
  TaskError,
  TaskResult,
} from './contracts/pipeline-status.ts';
export { PredictLabError, type ErrorType } from './contracts/errors.ts';
export { INTERVALS, SOURCE_TYPES, STAGES, type Interval, type SourceType, type Stage } from './contracts/words.ts';
