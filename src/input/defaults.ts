import type { StrategyConfig } from '../contracts/run/run-config.ts';
import { DEFAULT_MAX_CONCURRENT } from '../contracts/task/task-policy.ts';
import { DEFAULT_PRIORITY, type Interval, type ReadyOrder, type SourceType, type Stage } from '../contracts/words.ts';

/** Defaults of a run's input. Timeouts and retries have theirs in `contracts/task/task-policy.ts`. */
export const INPUT_DEFAULTS = {
  sourceTypes: ['polymarket', 'predict'] as readonly SourceType[],
  intervals: ['1h', '4h', '1d'] as readonly Interval[],
  daysBack: 7,
  untilStage: 'visualize' as Stage,
  maxConcurrent: DEFAULT_MAX_CONCURRENT,
  order: 'priority' as ReadyOrder,
  priority: DEFAULT_PRIORITY,
  strategies: [{ name: 'sma-cross', params: { fast: 10, slow: 30 } }] as readonly StrategyConfig[],
} as const;
