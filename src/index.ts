/** The library: what programs and plugins import from `predictlab`. */

export { type Reading } from './backtest/indicators/reading.ts';
export { type BarsSoFar, defineStrategy, type Signal, type Strategy } from './backtest/strategy.ts';
export { PredictLab, RunEnded, type StartedRun, type StartOptions } from './client.ts';
export { type ErrorType, PredictLabError } from './contracts/errors.ts';
export type { CustomTaskInput, PipelineInput, RetryInput, StageOverrides, StrategyInput } from './contracts/pipeline-input.ts';
export type {
  GraphTask,
  PipelineResult,
  PipelineStatus,
  PlannedTask,
  StageStats,
  TaskError,
  TaskResult,
} from './contracts/pipeline-status.ts';
export { INTERVALS, type Interval, SOURCE_TYPES, type SourceType, STAGES, type Stage } from './contracts/words.ts';
export { type ActivityContext, definePlugin, type Plugin, type PluginActivity } from './plugins.ts';
