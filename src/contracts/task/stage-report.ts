import type { PastError } from '../errors.ts';
import type { Json } from '../run/pipeline-input.ts';
import type { TaskError } from '../run/pipeline-status.ts';
import type { StageSettings, TaskPolicy } from '../run/run-config.ts';
import type { Stage } from '../words.ts';
import type { Spent } from './after-failure.ts';

/** What came of a task in earlier activities of the same run: a long wait for the next attempt ends an activity. */
export interface EarlierAttempts {
  /** That started. */
  readonly attempts: number;
  /** That used up one of the task's own retries. */
  readonly failures: number;
  readonly spent?: Spent;
  /** How the last of them failed. */
  readonly error?: PastError;
}

/** Which task of which run an activity is, and how it is tried. */
interface TaskCall {
  /** The run's workflow id. */
  readonly runId: string;
  /** The first execution's Temporal run id: a workflow id may be used again, this may not. */
  readonly executionId: string;
  /** @default `defaultPolicy` */
  readonly policy?: TaskPolicy;
  readonly earlier?: EarlierAttempts;
  /** How the first attempt failed, which was made as a local activity: the activity takes it up as its own first. */
  readonly failedLocally?: AttemptDetails;
}

/** The one argument of each stage activity, whose type is the stage: a reference; the run's settings are looked up by it. */
export interface StageCall extends TaskCall {
  readonly symbol: string;
}

/** The second argument of a custom task's activity; its own input is the first. */
export interface CustomTaskCall extends TaskCall {
  readonly taskId: string;
  /** `fail`: not again when nobody knows whether it ran. @default "retry" */
  readonly onLostWorker?: 'fail';
}

/** What a stage works from. */
export interface StageInput {
  readonly runId: string;
  readonly executionId: string;
  readonly symbol: string;
  readonly stage: Stage;
  readonly settings: StageSettings;
}

/** What an activity returns: small JSON only; rows stay in Postgres. */
export interface TaskOutcome {
  readonly output: Json;
  /** Attempts that started, earlier activities included. */
  readonly attempts: number;
  /** Why this success is only a degraded one (quarantine above the limit, gaps, a source skipped). */
  readonly degraded?: readonly string[];
}

/** The first detail of an activity's failure: what the workflow needs to know of its attempts. */
export interface AttemptDetails {
  /** Attempts that started, earlier activities included. */
  readonly attempts: number;
  /** Attempts that used up one of the task's own retries, earlier activities included. */
  readonly failures: number;
  readonly spent?: Spent;
  /** Set when the next attempt is so far away that the slot is given back meanwhile. */
  readonly retryAfterMs?: number;
  /** The wait before the next attempt, when it is to keep the slot. */
  readonly retryDelayMs?: number;
  readonly error: TaskError;
}

/** How one task ended, as it reaches the scheduler. */
export type TaskReport =
  | { readonly taskId: string; readonly kind: 'started'; readonly at: number }
  | ({ readonly taskId: string; readonly kind: 'succeeded'; readonly at: number; readonly startedAt: number } & TaskOutcome)
  | {
      readonly taskId: string;
      readonly kind: 'failed';
      readonly at: number;
      readonly startedAt: number;
      readonly attempts: number;
      readonly error: TaskError;
    }
  | {
      readonly taskId: string;
      readonly kind: 'retryLater';
      readonly at: number;
      readonly startedAt: number;
      readonly attempts: number;
      readonly failures: number;
      readonly spent?: Spent;
      readonly retryAt: number;
      readonly error: TaskError;
    }
  | { readonly taskId: string; readonly kind: 'cancelled'; readonly at: number; readonly startedAt: number; readonly attempts: number };

/** Input of the `symbolPipeline` workflow: a contiguous run of one symbol's stages. */
export interface SymbolPipelineInput {
  readonly runId: string;
  readonly executionId: string;
  readonly symbol: string;
  readonly stages: readonly Stage[];
  /** Of those stages that have another one than `defaultPolicy`. */
  readonly policies?: Readonly<Partial<Record<Stage, TaskPolicy>>>;
  /** Of the first stage, when it was tried before. */
  readonly earlier?: EarlierAttempts;
  /** Stages whose end the parent must hear of at once. @default none */
  readonly signalStages?: readonly Stage[];
  /** Reports without outputs: a run of many symbols keeps none. */
  readonly brief?: boolean;
  /** What counts as little: stages with no more to do are tried as local activities first. @default none are */
  readonly little?: Little;
}

/**
 * Up to how much work a stage has little to do. It travels with the input: a workflow that was begun with other limits must be
 * replayed with those.
 */
export interface Little {
  /** That `collect` found, for `clean`, `store` and `kline`. */
  readonly ticks: number;
  /** That `kline` counted, for `backtest` and `visualize`. */
  readonly candles: number;
}

/** How a segment of a symbol's stages ended; a failed one ends the workflow with a failure that carries `reports`. */
export interface SymbolPipelineResult {
  readonly end: 'completed' | 'yielded';
  readonly reports: readonly PackedReport[];
}

/** A stage's report without what its reader fills in: see `packReports`. */
export interface PackedReport {
  readonly stage: Stage;
  /** @default "succeeded" */
  readonly kind?: TaskReport['kind'];
  /** @default 1 */
  readonly attempts?: number;
  /** @default when the stage before it ended */
  readonly startedAt?: number;
  readonly at: number;
  /** Of a success. @default null */
  readonly output?: Json;
}
