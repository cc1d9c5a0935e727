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
  /** The failed root ancestor. */
  readonly skippedBecause?: string;
  /** Why this task's success is only a degraded one. */
  readonly degraded?: readonly string[];
}

export interface StageStats {
  readonly count: number;
  /** Succeeded / ended by running, in [0, 1]. */
  readonly successRate: number;
  readonly meanSeconds: number;
  readonly maxSeconds: number;
}

/** What an answer may lack where it would be too large for Temporal; the database has outputs, Temporal's history the errors. */
export type LeftOut = 'stacks' | 'outputs' | 'messages' | 'reasons' | 'times' | 'roots' | 'successes' | 'tasks';

/** A run at one moment; the `status` query's answer. */
export interface PipelineStatus {
  readonly runId: string;
  /** No new task starts until `resume`. */
  readonly paused: boolean;
  /** Tasks that may run at once; what was asked for while the input is still checked. */
  readonly maxConcurrent: number;
  readonly totalTasks: number;
  /** success + failed + skipped + cancelled */
  readonly completedTasks: number;
  /** completedTasks / totalTasks, in [0, 1]; 1 for a run without tasks. */
  readonly progress: number;
  readonly startedAt: string;
  readonly finishedAt: string | null;
  readonly durationSeconds: number;
  readonly statusBreakdown: Readonly<Record<TaskStatus, number>>;
  /** Of a run that has one: when it has to have ended, when it is expected to, and a sentence when that is too late. */
  readonly deadline?: { readonly at: string; readonly expectedEnd: string; readonly warning: string | null };
  readonly stageStats: Readonly<Partial<Record<Stage, StageStats>>>;
  /** By task id; by symbol for runs of more than 50 symbols. */
  readonly taskResults: Readonly<Record<string, TaskResult>>;
  /** What `taskResults` lacks because the whole would be too large to travel. @default nothing */
  readonly leftOut?: readonly LeftOut[];
}

/** The answer of `statusSince`: the run as it stands, with the tasks that have changed since a revision, or with all. */
export interface StatusChanges extends PipelineStatus {
  /** Names this answer, to ask with next time. @default there is no asking on from here: the whole was too large to travel */
  readonly revision?: string;
  /** `taskResults` has only what changed since this revision, besides `durationSeconds` of what runs. @default it is all */
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

/** A row of `plan`. */
export interface PlannedTask extends GraphTask {
  readonly action: 'run' | 'reuse' | 'skip';
  readonly reason: string;
  /** How it is tried again, with nothing left out. */
  readonly retry?: RetryInput;
}
