import type { PipelineInput, RetryInput, RetryRuleInput } from '../contracts/run/pipeline-input.ts';
import type { CustomTaskConfig, RetryRule, RunConfig, StageConfig, StrategyConfig, TaskPolicy } from '../contracts/run/run-config.ts';
import { DEFAULT_MAX_CONCURRENT, DEFAULT_RETRY, defaultTimeoutMs } from '../contracts/task/task-policy.ts';
import { DEFAULT_PRIORITY, type Interval, type ReadyOrder, type SourceType, STAGES, type Stage } from '../contracts/words.ts';
import { resolveBacktest, resolveStrategyBacktest } from './backtest-fields.ts';
import { deadlineAt, durationMs } from './field-schemas.ts';
import { listAt, recordOf, stringsAt } from './raw-input.ts';

/** The facts of a catalogue symbol that a run's input needs. */
interface KnownSymbol {
  readonly symbol: string;
  readonly priority: number;
  readonly enabled: boolean;
  /** Source types for which the symbol has selectors or instruments. @default any */
  readonly sourceTypes?: readonly SourceType[];
}

/** The symbols and sources that an input may use, and the current time. */
export interface Catalogue {
  readonly symbols: readonly KnownSymbol[];
  /** Loaded sources, and the sources of a run that names none. */
  readonly sources: { readonly names: readonly SourceType[]; readonly byDefault: readonly SourceType[] };
  /** The instant that `asOf: null` stands for; UTC epoch milliseconds. */
  readonly now: number;
  /** The current time, for an input that is about to run: a later `asOf` is refused. UTC epoch milliseconds. */
  readonly clock?: number;
  /** When the run starts; UTC epoch milliseconds. @default `clock` */
  readonly start?: number;
}

type Retry = Omit<TaskPolicy, 'timeoutMs'>;

/** Fills in every default of an input that has been checked. */
export function resolveConfig(input: PipelineInput, { symbols, sources, now, clock, start = clock ?? now }: Catalogue): RunConfig {
  const priorities = new Map(symbols.map(({ symbol, priority }) => [symbol, priority]));
  const sourceTypes = [...new Set(input.sourceTypes ?? sources.byDefault)];
  // A run that names no symbols leaves out symbols without any market or file at the run's sources.
  const hasSome = ({ sourceTypes: own }: KnownSymbol): boolean => own === undefined || sourceTypes.some((type) => own.includes(type));
  const names = input.symbols ?? symbols.filter((known) => known.enabled && hasSome(known)).map(({ symbol }) => symbol);
  const retry = resolveRetry(input.retry, DEFAULT_RETRY);
  const backtest = resolveBacktest(input.backtest);
  return {
    symbols: names.map((symbol) => ({ symbol, priority: priorities.get(symbol) ?? INPUT_DEFAULTS.priority })),
    sourceTypes,
    intervals: [...new Set(input.intervals ?? INPUT_DEFAULTS.intervals)],
    daysBack: input.daysBack ?? INPUT_DEFAULTS.daysBack,
    ...(input.catchUp !== undefined && { catchUpMs: milliseconds(input.catchUp) }),
    untilStage: input.untilStage ?? INPUT_DEFAULTS.untilStage,
    maxConcurrent: input.maxConcurrent ?? INPUT_DEFAULTS.maxConcurrent,
    order: input.order ?? INPUT_DEFAULTS.order,
    stages: Object.fromEntries(STAGES.map((stage) => [stage, resolveStage(stage, input, retry)])) as Record<Stage, StageConfig>,
    strategies:
      input.strategies?.map(({ name, params = {}, backtest: own }) => ({
        name,
        params,
        ...(own !== undefined && { backtest: resolveStrategyBacktest(own, backtest) }),
      })) ?? INPUT_DEFAULTS.strategies,
    backtest,
    tasks: (input.tasks ?? []).map((task): CustomTaskConfig => {
      const policy = { ...resolveRetry(task, retry), timeoutMs: milliseconds(task.timeout ?? input.timeout) ?? defaultTimeoutMs() };
      const { taskId, name = taskId, activity, args = [], dependencies = [], runBefore = [], critical = false } = task;
      const { priority = INPUT_DEFAULTS.priority, onLostWorker, maxLostWorkers, short } = task;
      const config = { taskId, name, activity, args, dependencies, runBefore, policy, critical, priority };
      return {
        ...config,
        ...(short !== undefined && { short }),
        ...(onLostWorker === 'fail' && { onLostWorker }),
        ...(maxLostWorkers !== undefined && { maxLostWorkers }),
      };
    }),
    refetch: input.refetch ?? false,
    ...(typeof input.deadline === 'string' && { deadline: deadlineAt(input.deadline, start) }),
    asOf: typeof input.asOf === 'string' ? Date.parse(input.asOf) : now,
  };
}

function resolveStage(stage: Stage, input: PipelineInput, runRetry: Retry): StageConfig {
  const own = input.stages?.[stage] ?? {};
  // A run's timeout applies to every stage without its own; only the default depends on the stage.
  const inherited = milliseconds(input.timeout) ?? defaultTimeoutMs(stage);
  const config: StageConfig = {
    policy: { ...resolveRetry(own.retry, runRetry), timeoutMs: milliseconds(own.timeout) ?? inherited },
    critical: own.critical ?? input.criticalStages?.includes(stage) ?? false,
  };
  return own.priority === undefined ? config : { ...config, priority: own.priority };
}

/** Resolves a retry. A first wait above the inherited longest wait raises that limit: `retryDelay: "5m"` waits five minutes. */
function resolveRetry(own: RetryInput = {}, inherited: Retry): Retry {
  const retryDelayMs = milliseconds(own.retryDelay) ?? inherited.retryDelayMs;
  const byError = resolveByError(own.byError, inherited.byError);
  return {
    maxRetries: own.maxRetries ?? inherited.maxRetries,
    retryDelayMs,
    backoff: own.backoff ?? inherited.backoff,
    maxDelayMs: milliseconds(own.maxDelay) ?? Math.max(inherited.maxDelayMs, retryDelayMs),
    ...(byError && { byError }),
  };
}

/** Merges own retry rules over inherited ones, field by field. The task's policy fills fields that neither has at each failure. */
function resolveByError(own: RetryInput['byError'], inherited: TaskPolicy['byError']): TaskPolicy['byError'] {
  if (own === undefined) return inherited;
  const rules = { ...inherited };
  for (const [type, rule] of Object.entries(own) as [keyof typeof own, RetryRuleInput | undefined][])
    rules[type] = { ...rules[type], ...resolveRule(rule) };
  return rules;
}

function resolveRule({ maxRetries, retryDelay, backoff, maxDelay }: RetryRuleInput = {}): Partial<RetryRule> {
  return {
    ...(maxRetries !== undefined && { maxRetries }),
    ...(retryDelay !== undefined && { retryDelayMs: milliseconds(retryDelay) }),
    ...(backoff !== undefined && { backoff }),
    ...(maxDelay !== undefined && { maxDelayMs: milliseconds(maxDelay) }),
  };
}

const milliseconds = (text: string | undefined): number | undefined => (text === undefined ? undefined : Math.round(durationMs(text)));

/** The parts of an input that form its task graph, even if other fields are wrong, so that all problems are reported together. */
export function graphShape(
  given: unknown,
  { symbols, sources, now }: Catalogue,
): Pick<RunConfig, 'symbols' | 'stages' | 'untilStage' | 'tasks'> {
  const { symbols: named, untilStage } = recordOf(given);
  const tasks = listAt(given, 'tasks').map((entry, index) => {
    const task = recordOf(entry);
    return {
      // A task without a valid id still keeps its place in the list, so that the paths of the others stay right.
      taskId: typeof task.taskId === 'string' ? task.taskId : `tasks[${index}]`,
      activity: '',
      dependencies: stringsAt(task, 'dependencies'),
      runBefore: stringsAt(task, 'runBefore'),
    };
  });
  const shape: PipelineInput = { tasks };
  if (Array.isArray(named)) shape.symbols = stringsAt(given, 'symbols');
  if (Array.isArray(recordOf(given).sourceTypes)) shape.sourceTypes = stringsAt(given, 'sourceTypes');
  if ((STAGES as readonly unknown[]).includes(untilStage)) shape.untilStage = untilStage as Stage;
  return resolveConfig(shape, { symbols, sources, now });
}

/** Defaults of a run's input. Timeouts and retries have theirs in `contracts/task/task-policy.ts`. */
export const INPUT_DEFAULTS = {
  intervals: ['1h', '4h', '1d'] as readonly Interval[],
  daysBack: 7,
  untilStage: 'visualize' as Stage,
  maxConcurrent: DEFAULT_MAX_CONCURRENT,
  order: 'priority' as ReadyOrder,
  priority: DEFAULT_PRIORITY,
  strategies: [{ name: 'sma-cross', params: { fast: 10, slow: 30 } }] as readonly StrategyConfig[],
} as const;
