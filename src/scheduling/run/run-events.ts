import type { PastError } from '../../contracts/errors.ts';
import type { TaskError } from '../../contracts/run/pipeline-status.ts';
import type { Spent } from '../../contracts/task/after-failure.ts';
import type { TaskReport } from '../../contracts/task/stage-report.ts';
import type { RunResult, Stage } from '../../contracts/words.ts';

/**
 * The events that the scheduler takes and the commands that it returns: the whole interface of `scheduling/`.
 *
 * - lane: the holder of one slot: a segment of one symbol's stages (one child workflow), one custom task, or short custom tasks one after
 *   another. Its id is the symbol or the first custom task's id; at most one lane of an id is open at a time.
 * - `at`: the time of the event in UTC epoch milliseconds; it never decreases.
 *
 * It depends on neither Temporal nor a clock nor zod: the workflow, the rehearsal and the tests all use exactly this interface.
 */

/** How a lane ended. */
export const LANE_ENDS = ['completed', 'yielded', 'cancelled', 'terminated', 'not-started'] as const;
export type LaneEnd = (typeof LANE_ENDS)[number];

/**
 * The end of a lane; frees its slot. `reports` are all reports of the lane; those seen before change nothing. A task
 * without a report is pending again after `yielded`, and fails with `error` after any other end.
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
  /** Reports of tasks while their lane is still open. They may repeat and may arrive after the lane's own end: reports are idempotent. */
  | { readonly type: 'reports'; readonly lane: string; readonly reports: readonly TaskReport[]; readonly at: number }
  | LaneEndedEvent
  | { readonly type: 'setMaxConcurrent'; readonly value: number; readonly at: number }
  | { readonly type: 'pause'; readonly at: number }
  | { readonly type: 'resume'; readonly at: number }
  /** Failed and skipped tasks run again; ignored once the run is ending or has ended. */
  | { readonly type: 'retryFailed'; readonly at: number }
  | { readonly type: 'cancel'; readonly at: number; readonly reason?: string }
  /**
   * The state is about to be dehydrated: no further lane starts, open lanes end as usual, and updates still take effect. Once
   * rehydrated, the run continues with the next event (a `wake` is enough).
   */
  | { readonly type: 'drain'; readonly at: number }
  /** Sent when the time of the last `wakeAt` command is reached. */
  | { readonly type: 'wake'; readonly at: number };

/** Attempts of a lane's first task in earlier lanes. The lane's other tasks have had no attempt yet. */
interface EarlierLanes {
  readonly earlierAttempts: number;
  readonly earlierFailures: number;
  readonly earlierSpent?: Spent;
  readonly earlierError?: PastError;
}

/** Runs these stages of one symbol, in order, in one child workflow and one slot. */
export interface StartSymbolCommand extends EarlierLanes {
  readonly type: 'startSymbol';
  readonly symbol: string;
  readonly stages: readonly Stage[];
  /**
   * Stages whose end is signalled to the parent immediately: those that tasks outside this lane wait for, and in runs of up to
   * STAGE_DETAIL_LIMIT symbols every stage except the last.
   */
  readonly signalStages: readonly Stage[];
}

export interface StartTaskCommand extends EarlierLanes {
  readonly type: 'startTask';
  readonly taskId: string;
  /** Short tasks that run after `taskId` in the same activity, in this order. @default none */
  readonly following?: readonly string[];
}

/** The error that the workflow of a failed run closes with. */
export interface RunFailure {
  readonly type: 'CriticalTaskFailed' | 'NothingSucceeded';
  readonly message: string;
}

export interface FinishCommand {
  readonly type: 'finish';
  readonly result: RunResult;
  /** The error that the workflow fails with; only set when the run failed. */
  readonly failure?: RunFailure;
}

export type RunCommand =
  | StartSymbolCommand
  | StartTaskCommand
  /** Ends the lane before its next stage; sent once per lane. */
  | { readonly type: 'yieldLane'; readonly lane: string }
  /** Cancels the lane's current task; the lane still ends with `laneEnded`. */
  | { readonly type: 'cancelLane'; readonly lane: string }
  /** Requests a `wake` event at this time; replaces the earlier request. */
  | { readonly type: 'wakeAt'; readonly at: number }
  | FinishCommand;

/** Whether the status lists every stage, or only symbols and custom tasks. */
export type StatusDetail = 'stage' | 'symbol';

/** Number of symbols above which a run's status lists symbols instead of stages. */
export const STAGE_DETAIL_LIMIT = 50;

/** The facts that a status query needs in addition to the state. */
export interface StatusQuestion {
  readonly runId: string;
  /** UTC epoch milliseconds. */
  readonly now: number;
  readonly detail: StatusDetail;
}
