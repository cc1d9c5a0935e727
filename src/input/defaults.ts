import type { StrategyConfig } from '../contracts/run/run-config.ts';
import { DEFAULT_MAX_CONCURRENT } from '../contracts/task/task-policy.ts';
import type { Interval, ReadyOrder, SourceType, Stage } from '../contracts/words.ts';

/** What a run's input is where it says nothing: the one place. What one attempt may take and how it is retried is in `contracts/task-policy.ts`. */
export const INPUT_DEFAULTS = {
  sourceTypes: ['polymarket', 'predict'] as readonly SourceType[],
  intervals: ['1h', '4h', '1d'] as readonly Interval[],
  daysBack: 7,
  untilStage: 'visualize' as Stage,
  maxConcurrent: DEFAULT_MAX_CONCURRENT,
  order: 'priority' as ReadyOrder,
  /** Of symbols and custom tasks: 1 = first … 5 = last. */
  priority: 3,
  strategies: [{ name: 'sma-cross', params: { fast: 10, slow: 30 } }] as readonly StrategyConfig[],
} as const;
