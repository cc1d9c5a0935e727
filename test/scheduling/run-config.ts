import type { CustomTaskConfig, RunConfig, StageConfig, TaskPolicy } from '../../src/contracts/run/run-config.ts';
import { STAGES, type Stage } from '../../src/contracts/words.ts';
import { buildGraph, type Graph } from '../../src/scheduling/graph/graph.ts';

/** Small configs for the tests of `scheduling/`: only what a test is about is spelled out. */
export const POLICY: TaskPolicy = { maxRetries: 3, retryDelayMs: 1_000, backoff: 2, maxDelayMs: 60_000, timeoutMs: 300_000 };

export const customTask = (taskId: string, given: Partial<CustomTaskConfig> = {}): CustomTaskConfig => ({
  taskId,
  name: taskId,
  activity: 'sleep',
  args: [],
  dependencies: [],
  runBefore: [],
  policy: POLICY,
  critical: false,
  priority: 3,
  ...given,
});

type Given = Partial<Omit<RunConfig, 'symbols' | 'stages'>> & {
  symbols?: readonly (string | { symbol: string; priority: number })[];
  stages?: Partial<Record<Stage, Partial<StageConfig>>>;
};

export function runConfig({ symbols = [], stages = {}, ...given }: Given = {}): RunConfig {
  const stage = (name: Stage): StageConfig => ({ policy: POLICY, critical: false, ...stages[name] });
  return {
    symbols: symbols.map((symbol) => (typeof symbol === 'string' ? { symbol, priority: 3 } : symbol)),
    sourceTypes: ['polymarket'],
    intervals: ['1h'],
    daysBack: 7,
    untilStage: 'visualize',
    maxConcurrent: 5,
    order: 'priority',
    stages: Object.fromEntries(STAGES.map((name) => [name, stage(name)])) as Record<Stage, StageConfig>,
    strategies: [],
    tasks: [],
    refetch: false,
    asOf: 0,
    ...given,
  };
}

export function graphOfConfig(config: RunConfig, options?: Parameters<typeof buildGraph>[1]): Graph {
  const built = buildGraph(config, options);
  if ('problems' in built) throw new Error(built.problems.map(({ where, message }) => `${where}: ${message}`).join('\n'));
  return built.graph;
}
