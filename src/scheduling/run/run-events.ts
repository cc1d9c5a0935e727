import type { PastError } from '../../contracts/errors.ts';
import type { TaskError } from '../../contracts/run/pipeline-status.ts';
import type { Spent } from '../../contracts/task/after-failure.ts';
import type { TaskReport } from '../../contracts/task/stage-report.ts';
import type { RunResult, Stage } from '../../contracts/words.ts';

/**
 * What the scheduler is told and what it asks for: the whole boundary of `scheduling/`.
 *
 * - lane: what holds one slot: a segment of one symbol's stages (one child workflow), or one custom task. Its id is the
 *   symbol or the custom task's id; at most one lane of an id is open at a time.
 * - `at` is UTC epoch milliseconds of the event and never goes back.
 *
 * No Temporal, no clock, no zod: the workflow, the rehearsal and the tests speak exactly this.
 */

/** How a lane's slot came back. */
export const LANE_ENDS = ['completed', 'yielded', 'cancelled', 'terminated', 'not-started'] as const;
export type LaneEnd = (typeof LANE_ENDS)[number];

/** Task ends while a lane is still open. May repeat, may arrive after the lane's own end: reports are idempotent. */
export interface ReportsEvent {
  readonly type: 'reports';
  readonly lane: string;
  readonly reports: readonly TaskReport[];
  readonly at: number;
}

/**
 * The final word of a lane; frees its slot, once. `reports` are all of the lane's (those already seen change nothing).
 * A stage left without a report is pending again after `yielded`, and fails with `error` after any other end.
 */
export interface LaneEndedEvent {
  readonly type: 'laneEnded';
  readonly lane: string;
  readonly reports: readonly TaskReport[];
  readonly end: LaneEnd;
  readonly error?: TaskError;
  readonly at: number;
}

export type RunEvent =
  | { readonly type: 'start'; readonly at: number }
  | ReportsEvent
  | LaneEndedEvent
  | { readonly type: 'setMaxConcurrent'; readonly value: number; readonly at: number }
  | { readonly type: 'pause'; readonly at: number }
  | { readonly type: 'resume'; readonly at: number }
  /** Failed and skipped tasks go again; ignored once the run is ending or has ended. */
  | { readonly type: 'retryFailed'; readonly at: number }
  | { readonly type: 'cancel'; readonly at: number; readonly reason?: string }
  /**
   * The state is about to be dehydrated: no lane starts any more, those that are open end as ever, and steering still counts.
   * Rehydrated, the run goes on with the next event (`wake` will do).
   */
  | { readonly type: 'drain'; readonly at: number }
  /** The time of the last `wakeAt` has come. */
  | { readonly type: 'wake'; readonly at: number };

/** Run these stages of one symbol, in order, in one child workflow, from one slot. */
export interface StartSymbolCommand {
  readonly type: 'startSymbol';
  readonly symbol: string;
  readonly stages: readonly Stage[];
  /** Of the first stage; the others have none. */
  readonly earlierAttempts: number;
  readonly earlierFailures: number;
  readonly earlierSpent?: Spent;
  readonly earlierError?: PastError;
  /**
   * Stages whose end the parent must hear of at once, by signal: those that tasks outside this lane wait for, and in runs
   * of up to STAGE_DETAIL_LIMIT symbols every one but the last (the last one's end comes with the lane's).
   */
  readonly signalStages: readonly Stage[];
}

export interface StartTaskCommand {
  readonly type: 'startTask';
  readonly taskId: string;
  readonly earlierAttempts: number;
  readonly earlierFailures: number;
  readonly earlierSpent?: Spent;
  readonly earlierError?: PastError;
}

/** What a failed run's workflow closes with. */
export interface RunFailure {
  readonly type: 'CriticalTaskFailed' | 'NothingSucceeded';
  readonly message: string;
}

export interface FinishCommand {
  readonly type: 'finish';
  readonly result: RunResult;
  /** Set when the run failed: the workflow fails with it. */
  readonly failure?: RunFailure;
}

export type RunCommand =
  | StartSymbolCommand
  | StartTaskCommand
  /** End the lane before its next stage; sent once per lane. */
  | { readonly type: 'yieldLane'; readonly lane: string }
  /** Cancel what the lane runs now; it still ends with `laneEnded`. */
  | { readonly type: 'cancelLane'; readonly lane: string }
  /** Send `wake` at this time; replaces the earlier one. */
  | { readonly type: 'wakeAt'; readonly at: number }
  | FinishCommand;

/** Whether the status names every stage or only symbols (and custom tasks). */
export type StatusDetail = 'stage' | 'symbol';

/** Beyond this many symbols a run's status is kept to the symbol. */
export const STAGE_DETAIL_LIMIT = 50;

/** What a status query needs besides the state. */
export interface StatusQuestion {
  readonly runId: string;
  /** UTC epoch milliseconds. */
  readonly now: number;
  readonly detail: StatusDetail;
}
