import { type Client, type ScheduleDescription, ScheduleNotFoundError } from '@temporalio/client';
import { PredictLabError } from '../../contracts/errors.ts';
import { exactDuration } from '../../contracts/text/exact-duration.ts';

export interface ScheduleCounts {
  readonly scheduleId: string;
  /** Number of firings that the server missed because it was down. */
  readonly missed: number;
  /** Number of firings that were skipped because a run was open. */
  readonly overlapped: number;
  /** When a firing last started a run; UTC epoch milliseconds, null for never. */
  readonly lastFiring: number | null;
  readonly catchupWindow: string;
  /** Why the schedule was paused automatically; null otherwise. */
  readonly pausedItself: string | null;
  /** Number of failures in a row after which a worker pauses the schedule; null if workers do not pause it. */
  readonly pauseAfter: number | null;
}

export interface UpcomingRun {
  readonly scheduleId: string;
  readonly paused: boolean;
  /** Time of the next firing, ISO 8601; null if the schedule will not fire again. */
  readonly at: string | null;
}

/** A schedule, on any task queue, whose input or memo cannot be decoded. `why` is the reason. Its runs are refused. */
export interface UnreadableSchedule {
  readonly scheduleId: string;
  readonly why: string;
}

/** A run that a schedule started. */
export interface FiredRun {
  readonly runId: string;
  /** UTC epoch milliseconds. */
  readonly at: number;
  /** Whether the run failed; null if it is open or was cancelled or terminated. */
  readonly failed: boolean | null;
}

/** Counts the firings of a schedule by outcome. */
export function countFirings(described: ScheduleDescription): ScheduleCounts {
  const { scheduleId, info, policies, state } = described;
  return {
    scheduleId,
    missed: info.numActionsMissedCatchupWindow,
    overlapped: info.numActionsSkippedOverlap,
    lastFiring: info.recentActions.at(-1)?.takenAt.getTime() ?? null,
    catchupWindow: exactDuration(policies.catchupWindow),
    pausedItself: state.paused && PAUSED_ITSELF.test(state.note ?? '') ? (state.note ?? '') : null,
    pauseAfter: !state.paused && failuresToPause(described) > 1 ? failuresToPause(described) : null,
  };
}

/** When a schedule fires next. */
export const upcomingOf = ({ scheduleId, info, state }: ScheduleDescription): UpcomingRun => ({
  scheduleId,
  paused: state.paused,
  at: info.nextActionTimes[0]?.toISOString() ?? null,
});

/** The last runs of a schedule, newest first; Temporal remembers ten. */
export async function lastRunsOf(client: Client, scheduleId: string): Promise<readonly FiredRun[]> {
  const { info } = await client.schedule.getHandle(scheduleId).describe();
  const fired = info.recentActions.flatMap(({ action, takenAt }) =>
    action.type === 'startWorkflow' ? [{ ...action.workflow, at: takenAt.getTime() }] : [],
  );
  return await Promise.all(
    fired.reverse().map(async ({ workflowId, firstExecutionRunId, at }): Promise<FiredRun> => {
      // This describes the last execution of a run that continued as new.
      const state = await client.workflow
        .getHandle(workflowId, undefined, { firstExecutionRunId })
        .describe()
        .then(
          ({ status }) => status.name,
          () => 'UNKNOWN' as const,
        );
      return { runId: workflowId, at, failed: FAILED[state] ?? null };
    }),
  );
}

/** Matches the note with which the server or a worker's watch pauses a schedule; a user's note does not match. */
const PAUSED_ITSELF = /^paused (?:due to workflow|after) /;

/** Whether a status of a Temporal workflow means that the run failed; a status that is not listed decides nothing. */
const FAILED: Readonly<Record<string, boolean>> = { COMPLETED: false, FAILED: true, TIMED_OUT: true };

/** Number of failures in a row after which a schedule pauses; 0 for never. One failure is counted by the server, more by the workers. */
export const failuresToPause = ({ policies, action }: ScheduleDescription): number =>
  policies.pauseOnFailure ? 1 : ((action.memo as { pauseAfter?: number } | undefined)?.pauseAfter ?? 0);

/** Lists the schedules that start runs on a task queue, and separately the schedules that cannot be read. */
export async function schedulesOn(
  client: Client,
  taskQueue: string,
): Promise<{ readonly schedules: readonly ScheduleDescription[]; readonly unreadable: readonly UnreadableSchedule[] }> {
  const schedules: ScheduleDescription[] = [];
  const unreadable: UnreadableSchedule[] = [];
  for await (const { scheduleId } of client.schedule.list()) {
    try {
      const described = await describedSchedule(client, scheduleId);
      // The schedule was deleted after it had been listed.
      if (described === undefined) continue;
      const { action } = described;
      if (action.type === 'startWorkflow' && action.workflowType === 'pipeline' && action.taskQueue === taskQueue)
        schedules.push(described);
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      unreadable.push({ scheduleId, why: error.message });
    }
  }
  return { schedules, unreadable };
}

/** Whether an error means that this process cannot decode a schedule's payloads. */
export const isUnreadable = (error: unknown): error is PredictLabError => error instanceof PredictLabError && error.type === 'BadInput';

/** Describes a schedule; undefined where Temporal has none of that id. */
export async function describedSchedule(client: Client, scheduleId: string): Promise<ScheduleDescription | undefined> {
  try {
    return await client.schedule.getHandle(scheduleId).describe();
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return undefined;
    throw error;
  }
}
