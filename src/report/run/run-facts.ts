import type { PipelineStatus, TaskResult } from '../../contracts/run/pipeline-status.ts';
import type { RunConfig } from '../../contracts/run/run-config.ts';
import { STAGES, type Stage } from '../../contracts/words.ts';
import { type GroupedTasks, groupRun } from './symbol-tasks.ts';

/** Statistics of one stage over all symbols of a run; times in seconds. */
export interface StageFacts {
  readonly stage: Stage;
  readonly count: number;
  readonly meanSeconds: number;
  readonly p95Seconds: number;
  readonly retries: number;
  /** Share of the ended tasks that succeeded, in [0, 1]: succeeded / (succeeded + failed). */
  readonly successRate: number;
}

/** The nearest-rank percentile of sorted values; always one of the values. */
const percentile = (sorted: readonly number[], q: number): number => sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? 0;

/** Statistics per stage: from the tasks if the status lists stages, else from the status's own totals (with the maximum as p95). */
export const stageFacts = (status: PipelineStatus, groups: GroupedTasks): readonly StageFacts[] =>
  STAGES.flatMap((stage): StageFacts[] => {
    const tasks = groups.symbols.flatMap((row) => row.stages[stage] ?? []).filter((task) => ['success', 'failed'].includes(task.status));
    const known = status.stageStats[stage];
    // In a large run only some symbols have stages.
    if (tasks.length < (known?.count ?? 1)) {
      if (known === undefined || known.count === 0) return [];
      return [
        {
          stage,
          count: known.count,
          meanSeconds: known.meanSeconds,
          p95Seconds: known.maxSeconds,
          retries: 0,
          successRate: known.successRate,
        },
      ];
    }
    const seconds = tasks.map((task) => task.durationSeconds ?? 0).sort((a, b) => a - b);
    return [
      {
        stage,
        count: tasks.length,
        meanSeconds: seconds.reduce((sum, value) => sum + value, 0) / seconds.length,
        p95Seconds: percentile(seconds, 0.95),
        retries: tasks.reduce((sum, task) => sum + Math.max(0, (task.attempts ?? 1) - 1), 0),
        successRate: tasks.filter((task) => task.status === 'success').length / tasks.length,
      },
    ];
  });

export interface TaskSpan {
  readonly taskId: string;
  readonly from: number;
  readonly to: number;
  readonly task: TaskResult;
}

/** The time spans of all tasks that started; running tasks end at the time of the status. */
export const taskSpans = (status: PipelineStatus): readonly TaskSpan[] => {
  const now = Date.parse(status.startedAt) + status.durationSeconds * 1000;
  return Object.entries(status.taskResults).flatMap(([taskId, task]): TaskSpan[] => {
    if (task.startedAt === undefined || task.startedAt === null) return [];
    const from = Date.parse(task.startedAt);
    const to = task.status === 'running' ? Math.max(from, now) : from + (task.durationSeconds ?? 0) * 1000;
    return [{ taskId, from, to, task }];
  });
};

/** The critical path: from the task that ended last back to its dependency that ended last, and so on. */
export const lastEndedChain = (status: PipelineStatus, config: RunConfig | null): readonly string[] => {
  const spans = new Map(taskSpans(status).map((span) => [span.taskId, span]));
  const dependencies = dependencyMap(status, config);
  const latest = (ids: readonly string[]): TaskSpan | undefined =>
    ids.reduce<TaskSpan | undefined>((best, id) => {
      const span = spans.get(id);
      return span !== undefined && (best === undefined || span.to > best.to) ? span : best;
    }, undefined);
  const path: string[] = [];
  for (let span = latest([...spans.keys()]); span !== undefined && !path.includes(span.taskId); ) {
    path.unshift(span.taskId);
    span = latest(dependencies.get(span.taskId) ?? []);
  }
  return path;
};

/** The dependencies of each task, by task id. */
export const dependencyMap = (status: PipelineStatus, config: RunConfig | null): ReadonlyMap<string, readonly string[]> => {
  const map = new Map<string, string[]>();
  const add = (task: string, before: string): void => void map.set(task, [...(map.get(task) ?? []), before]);
  for (const row of groupRun(status, config).symbols) {
    const stages = STAGES.filter((stage) => row.stages[stage] !== undefined);
    stages.slice(1).forEach((stage, i) => add(`${row.symbol}/${stage}`, `${row.symbol}/${stages[i]}`));
  }
  for (const task of config?.tasks ?? []) {
    for (const before of task.dependencies) add(task.taskId, before);
    for (const after of task.runBefore) add(after, task.taskId);
  }
  return map;
};
