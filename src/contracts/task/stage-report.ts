import type { PastError } from '../errors.ts';
import type { Json } from '../run/pipeline-input.ts';
import type { TaskError } from '../run/pipeline-status.ts';
import type { StageSettings, TaskPolicy } from '../run/run-config.ts';
import type { Stage } from '../words.ts';
import type { Failures } from './after-failure.ts';

/** Attempts of a task in earlier activities of the same run. An activity ends before a long wait for the next attempt. */
export interface EarlierAttempts extends Failures {
  readonly attempts: number;
  readonly error?: PastError;
}

/** The run and the policy of an activity's task. */
export interface TaskCall {
  /** The run's workflow id. */
  readonly runId: string;
  /** The first execution's Temporal run id: unlike a workflow id, it is never used again. */
  readonly executionId: string;
  readonly policy?: TaskPolicy;
  readonly earlier?: EarlierAttempts;
  /** The failure of the task's first attempt, if that ran as a local activity. The normal activity counts it among its own attempts. */
  readonly failedLocally?: AttemptDetails;
  /** Whether a lost worker may have run the task already; the first attempt then looks up in the ledger how that ended. @default false */
  readonly mayHaveRun?: boolean;
}

/** The argument of a stage's activity. The activity reads the run's settings by `executionId`; its type names the stage. */
export interface StageCall extends TaskCall {
  readonly symbol: string;
  /** Stages that the activity runs after its own. It starts none of them later than a second after its own start. @default none */
  readonly following?: FollowingStages;
}

export interface FollowingStages {
  /** The stages in execution order. */
  readonly stages: readonly Stage[];
  /** Policies that differ from `defaultPolicy`, by stage. */
  readonly policies?: Readonly<Partial<Record<Stage, TaskPolicy>>>;
}

/** How a task ended that shared an activity with others; times are UTC epoch milliseconds. */
export type SharedEnd = { readonly startedAt: number; readonly at: number } & (
  | ({ readonly kind: 'succeeded' } & TaskOutcome)
  /** `final`: no further attempt follows in this slot. Otherwise the task's own activity continues with the next attempt. */
  | { readonly kind: 'failed'; readonly details: AttemptDetails; readonly final: boolean }
  | { readonly kind: 'cancelled' }
);

/** How a stage ended that ran in the activity of an earlier stage. */
export type FollowedStage = { readonly stage: Stage } & SharedEnd;

/** The result of an activity that tasks share. */
export interface SharedOutcome<End extends SharedEnd = SharedEnd> extends TaskOutcome {
  /** Ends of the tasks that the activity ran after its own, in order. @default it ran none */
  readonly followed?: readonly End[];
}

export type StageOutcome = SharedOutcome<FollowedStage>;

/** A short custom task that runs in the activity of an earlier one. */
export interface FollowingTask extends Pick<CustomTaskCall, 'taskId' | 'policy'> {
  /** Name of the task's own activity. */
  readonly activity: string;
  readonly input: Json;
}

/** The second argument of a custom task's activity, after the task's own input. */
export interface CustomTaskCall extends TaskCall {
  readonly taskId: string;
  /** `fail`: the task does not run again after its worker was lost. @default "retry" */
  readonly onLostWorker?: 'fail';
  /** Lost workers after which the task fails. @default 2 for a custom task, 10 for a stage */
  readonly maxLostWorkers?: number;
  /** Tasks that the activity runs after its own. It starts none of them later than a second after its own start. @default none */
  readonly following?: readonly FollowingTask[];
}

export interface StageInput {
  readonly runId: string;
  readonly executionId: string;
  readonly symbol: string;
  readonly stage: Stage;
  readonly settings: StageSettings;
}

/** The result of an activity: small JSON; rows stay in Postgres. */
export interface TaskOutcome {
  readonly output: Json;
  /** Attempts that started, earlier activities included. */
  readonly attempts: number;
  /** Why this success is degraded (quarantine above the limit, gaps, a source skipped). */
  readonly degraded?: readonly string[];
  /** Whether an earlier attempt had taken effect already, but its completion did not reach Temporal. @default false */
  readonly known?: true;
}

/** The facts about attempts that the workflow needs. An activity passes them as the first detail of its failure. */
export interface AttemptDetails extends Failures {
  /** Attempts that started, earlier activities included. */
  readonly attempts: number;
  /** Milliseconds until the next attempt, when the slot is released for the wait. */
  readonly retryAfterMs?: number;
  /** Milliseconds until the next attempt, when the slot is kept during the wait. */
  readonly retryDelayMs?: number;
  readonly error: TaskError;
}

/** The end of a task, or of the task's attempts in one slot; times are UTC epoch milliseconds. */
interface TaskEnd {
  readonly taskId: string;
  readonly at: number;
  readonly startedAt: number;
  readonly attempts: number;
}

/** A report to the scheduler about one task: that it started, or how it ended. */
export type TaskReport =
  | { readonly taskId: string; readonly kind: 'started'; readonly at: number }
  | (TaskEnd & TaskOutcome & { readonly kind: 'succeeded' })
  | (TaskEnd & { readonly kind: 'failed'; readonly error: TaskError })
  | (TaskEnd & Failures & { readonly kind: 'retryLater'; readonly retryAt: number; readonly error: TaskError })
  | (TaskEnd & { readonly kind: 'cancelled' });

/** Input of the `symbolPipeline` workflow: consecutive stages of one symbol. */
export interface SymbolPipelineInput {
  readonly runId: string;
  readonly executionId: string;
  readonly symbol: string;
  readonly stages: readonly Stage[];
  /** Policies that differ from `defaultPolicy`, by stage. */
  readonly policies?: Readonly<Partial<Record<Stage, TaskPolicy>>>;
  /** Earlier attempts of the first stage. @default none */
  readonly earlier?: EarlierAttempts;
  /** Stages whose end is signalled to the parent immediately. @default none */
  readonly signalStages?: readonly Stage[];
  /** Reports of the first stages, which ran before this workflow started. @default none */
  readonly done?: readonly PackedReport[];
  /** The failed first attempt of the stage that follows `done`. @default none */
  readonly failedLocally?: AttemptDetails & { readonly startedAt: number };
  /** Whether a lost worker may have run the stages after `done` already. @default false */
  readonly mayHaveRun?: boolean;
  /** Whether reports leave out outputs, because a run of many symbols keeps no outputs of stages. */
  readonly brief?: boolean;
  /** Amount of work up to which a stage first runs as a local activity. @default no stage does */
  readonly little?: Little;
}

/** Amount of work up to which a stage first runs as a local activity. It is part of the input, so that a replay uses the same limits. */
export interface Little {
  /** Limit for `clean`, `store` and `kline`: number of ticks that `collect` found. */
  readonly ticks: number;
  /** Limit for `backtest` and `visualize`: number of candles that `kline` counted. */
  readonly candles: number;
}

/** The result of the `symbolPipeline` workflow. If a stage fails, the workflow has no result; its failure then carries `reports`. */
export interface SymbolPipelineResult {
  readonly end: 'completed' | 'yielded';
  readonly reports: readonly PackedReport[];
}

/** A stage's report without the fields that equal their default. */
export interface PackedReport {
  readonly stage: Stage;
  /** @default "succeeded" */
  readonly kind?: TaskReport['kind'];
  /** @default 1 */
  readonly attempts?: number;
  /** Start of the stage. @default when the previous stage ended */
  readonly startedAt?: number;
  readonly at: number;
  readonly output?: Json;
}

/** How an attempt ended, as a metric label. */
export type AttemptStatus = 'success' | 'retried' | 'failed' | 'cancelled';

/** Receives the attempts that the task runner makes; the worker connects it to Prometheus. */
export interface TaskMetrics {
  begin(stage: string): { end(status: AttemptStatus, effect?: StageEffect, errorType?: string): void };
}

export interface StageEffect {
  readonly output: Json;
  /** Why this success is degraded, one sentence per reason. */
  readonly degraded?: readonly string[];
}

/** A failed attempt of a task. Times are UTC epoch milliseconds. */
export interface PastAttempt {
  /** Counted from 1 over the whole run. */
  readonly attempt: number;
  readonly from: number;
  readonly to: number;
  /** When the next attempt was due; `null` where there was none. */
  readonly next: number | null;
  readonly error: string;
  /** The worker that was lost during the attempt, `null` if unknown; the attempt ran at least until `to`. @default no worker was lost */
  readonly lostWith?: string | null;
}
