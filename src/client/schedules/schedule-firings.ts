import type { Client, ScheduleDescription } from '@temporalio/client';
import { exactDuration } from '../../contracts/text/exact-duration.ts';

/** What became of a schedule's firings. */
export interface ScheduleCounts {
  readonly scheduleId: string;
  /** Firings for which no server was up in time. */
  readonly missed: number;
  /** Firings that met an open run. */
  readonly overlapped: number;
  /** When a firing last became a run; UTC epoch milliseconds. */
  readonly lastFiring: number | null;
  readonly catchupWindow: string;
  /** Why it has paused itself; null while it has not. */
  readonly pausedItself: string | null;
  /** Where a worker has to pause it after more than one failure; null: nobody has to. */
  readonly pauseAfter: number | null;
}

/** When a schedule fires next. */
export interface UpcomingRun {
  readonly scheduleId: string;
  readonly paused: boolean;
  /** ISO 8601; null: never again. */
  readonly at: string | null;
}

/** A firing that became a run, and whether that failed; null: it is open, or was ended by somebody. */
export interface FiredRun {
  readonly runId: string;
  /** UTC epoch milliseconds. */
  readonly at: number;
  readonly failed: boolean | null;
}

/** What became of the firings of a schedule. */
export function countsOf(described: ScheduleDescription): ScheduleCounts {
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
      // the last execution of a run that has gone on as new
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

/** What the server and our watch write as the note of a schedule that they pause. */
const PAUSED_ITSELF = /^paused (?:due to workflow|after) /;

/** How Temporal names ends that say something about the next run. */
const FAILED: Readonly<Record<string, boolean>> = { COMPLETED: false, FAILED: true, TIMED_OUT: true };

/** After how many failures in a row a schedule pauses: one is the server's own business, more are counted by the workers; 0: it goes on. */
export const failuresToPause = ({ policies, action }: ScheduleDescription): number =>
  policies.pauseOnFailure ? 1 : ((action.memo as { pauseAfter?: number } | undefined)?.pauseAfter ?? 0);
