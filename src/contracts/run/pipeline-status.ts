import type { RunResult, Stage, TaskStatus } from '../words.ts';
import type { Json, RetryInput } from './pipeline-input.ts';

/** Why a task failed, as users see it. */
export interface TaskError {
  readonly type: string;
  readonly message: string;
  readonly stack?: string;
}

export interface TaskResult {
  readonly status: TaskStatus;
  /** Attempts that started. */
  readonly attempts?: number;
  readonly durationSeconds?: number | null;
  /** ISO 8601, UTC. */
  readonly startedAt?: string | null;
  readonly error?: TaskError | null;
  readonly output?: Json;
  readonly skippedBecause?: string;
  /** Why this task's success is degraded. */
  readonly degraded?: readonly string[];
}

export interface StageStats {
  readonly count: number;
  /** Succeeded tasks / (succeeded + failed tasks), in [0, 1]. */
  readonly successRate: number;
  readonly meanSeconds: number;
  readonly maxSeconds: number;
}

/** Parts left out of an answer that is too large for Temporal. Outputs remain in the database and errors in Temporal's history. */
export type LeftOut = 'stacks' | 'outputs' | 'messages' | 'reasons' | 'times' | 'roots' | 'successes' | 'tasks';

/** A run at one moment; the `status` query's answer. */
export interface PipelineStatus {
  readonly runId: string;
  /** No new task starts until `resume`. */
  readonly paused: boolean;
  /** Number of tasks that may run at once. Until the input is checked it is the requested number. */
  readonly maxConcurrent: number;
  readonly totalTasks: number;
  /** success + failed + skipped + cancelled */
  readonly completedTasks: number;
  /** In [0, 1]; 1 for a run without tasks. */
  readonly progress: number;
  readonly startedAt: string;
  readonly finishedAt: string | null;
  readonly durationSeconds: number;
  readonly statusBreakdown: Readonly<Record<TaskStatus, number>>;
  /** The deadline of a run that has one, its expected end, and a warning when that is too late. */
  readonly deadline?: { readonly at: string; readonly expectedEnd: string; readonly warning: string | null };
  readonly stageStats: Readonly<Partial<Record<Stage, StageStats>>>;
  /** By task id, or by symbol and custom task id in runs of more than 50 symbols. */
  readonly taskResults: Readonly<Record<string, TaskResult>>;
  /** Parts left out of `taskResults` because the answer would be too large for a payload. @default nothing */
  readonly leftOut?: readonly LeftOut[];
}

/** The answer of `statusSince`: the current status, with the tasks that have changed since a revision, or with all tasks. */
export interface StatusChanges extends PipelineStatus {
  /** Identifies this answer for the next query. @default absent: the status was too large for a payload and was cut */
  readonly revision?: string;
  /** `taskResults` has only changes since this revision, without `durationSeconds` of running tasks. @default absent: all tasks */
  readonly since?: string;
}

export interface PipelineResult extends PipelineStatus {
  readonly result: RunResult;
  /** Reasons of a degraded or failed run, most important first. */
  readonly reasons: readonly string[];
}

/** A node of the `graph` query, in topological order. */
export interface GraphTask {
  readonly taskId: string;
  readonly dependencies: readonly string[];
  readonly priority: number;
  readonly critical: boolean;
}

/** A row of the output of `predictlab plan`. */
export interface PlannedTask extends GraphTask {
  readonly action: 'run' | 'reuse' | 'skip';
  readonly reason: string;
  /** How the task is retried, with all defaults filled in. */
  readonly retry?: RetryInput;
}
