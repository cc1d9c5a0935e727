import type { CustomTaskConfig, RunConfig, SymbolConfig, TaskPolicy } from '../../contracts/run/run-config.ts';

/** A run's config in short form: equal policies appear once, and defaults are left out. */
export interface PackedConfig extends Omit<RunConfig, 'symbols' | 'tasks'> {
  readonly symbols: readonly string[];
  /** Priorities of the symbols, in their order. @default 3 each */
  readonly priorities?: readonly number[];
  readonly policies: readonly TaskPolicy[];
  readonly tasks: readonly PackedTask[];
}

/** A custom task without the fields that have their default; the id and the activity are always there. */
type PackedTask = Partial<Omit<CustomTaskConfig, 'policy'>> & {
  /** Index into the distinct policies. @default 0 */
  readonly policy?: number;
};

/** Priority that is left out of a packed config. It is part of the format: it stays 3 even if the default of new runs changes. */
const USUAL_PRIORITY = 3;

/** Packs a config for a payload: what is the same for many symbols or tasks is written once. */
export function packConfig({ symbols, tasks, ...rest }: RunConfig): PackedConfig {
  const policies = new Map<string, { readonly index: number; readonly policy: TaskPolicy }>();
  const packed = tasks.map(({ policy, name, args, dependencies, runBefore, critical, priority, ...task }): PackedTask => {
    const key = JSON.stringify(policy);
    const known = policies.get(key) ?? { index: policies.size, policy };
    policies.set(key, known);
    return {
      ...task,
      ...(name === task.taskId ? {} : { name }),
      ...(args.length === 0 ? {} : { args }),
      ...(dependencies.length === 0 ? {} : { dependencies }),
      ...(runBefore.length === 0 ? {} : { runBefore }),
      ...(critical ? { critical } : {}),
      ...(priority === USUAL_PRIORITY ? {} : { priority }),
      ...(known.index === 0 ? {} : { policy: known.index }),
    };
  });
  return {
    ...rest,
    symbols: symbols.map(({ symbol }) => symbol),
    ...(symbols.every(({ priority }) => priority === USUAL_PRIORITY) ? {} : { priorities: symbols.map(({ priority }) => priority) }),
    policies: [...policies.values()].map(({ policy }) => policy),
    tasks: packed,
  };
}

/** Restores the config that `packConfig` packed. */
export function unpackConfig({ symbols, priorities, policies, tasks, ...rest }: PackedConfig): RunConfig {
  return {
    ...rest,
    symbols: symbols.map((symbol, i): SymbolConfig => ({ symbol, priority: priorities?.[i] ?? USUAL_PRIORITY })),
    tasks: tasks.map(({ policy = 0, ...task }): CustomTaskConfig => {
      const { taskId = '', activity = '' } = task;
      const usual = { name: taskId, args: [], dependencies: [], runBefore: [], critical: false, priority: USUAL_PRIORITY };
      return { ...usual, ...task, taskId, activity, policy: policies[policy] };
    }),
  };
}
