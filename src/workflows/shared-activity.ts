import type { ActivityOptions } from '@temporalio/workflow';
import type { TaskPolicy } from '../contracts/run/run-config.ts';
import type { AttemptDetails, SharedEnd, SharedOutcome, TaskReport } from '../contracts/task/stage-report.ts';
import { activityOptions } from './activity-options.ts';
import { detailedReport, failureReport, successReport } from './symbol/task-report.ts';

interface SharedReports {
  /** The reports of the tasks that ended, in order. */
  readonly reports: readonly TaskReport[];
  /** The failed first attempt of the task after these, which will be retried. */
  readonly failed?: AttemptDetails & { readonly startedAt: number };
  /** Set when the first task had already taken effect in an attempt whose worker was lost. */
  readonly known?: true;
}

/**
 * Runs tasks in the activity of the first one: as many as start within a second, up to the first that does not succeed.
 * @param start starts the activity
 */
export async function runInOneActivity(
  tasks: readonly { readonly taskId: string; readonly policy: TaskPolicy }[],
  { earlierAttempts, ...options }: Pick<ActivityOptions, 'priority'> & { readonly earlierAttempts: number },
  start: (options: ActivityOptions) => Promise<SharedOutcome>,
): Promise<SharedReports> {
  const [{ taskId, policy }] = tasks;
  const first = { taskId, startedAt: Date.now(), earlierAttempts };
  // the activity's own time limit only ends a hung process, so it follows the longest limit of its tasks
  const timeoutMs = Math.max(...tasks.map((task) => task.policy.timeoutMs));
  let own: SharedOutcome;
  try {
    own = await start({ ...activityOptions({ taskId, policy: { ...policy, timeoutMs } }), ...options });
  } catch (thrown) {
    return { reports: [failureReport(first, thrown)] };
  }
  const { followed = [], known, ...outcome } = own;
  const now = Date.now();
  const clock = serverClock(followed, { from: first.startedAt, to: now });
  const reports: TaskReport[] = [{ ...successReport(first, outcome), at: clock(followed[0]?.startedAt ?? now) }];
  for (const [i, ended] of followed.entries()) {
    const one = { taskId: tasks[i + 1].taskId, startedAt: clock(ended.startedAt), at: clock(ended.at) };
    if (ended.kind === 'failed' && !ended.final) return { reports, failed: { ...ended.details, startedAt: one.startedAt }, known };
    reports.push(reportOf(one, ended));
  }
  return { reports, known };
}

function reportOf(one: { readonly taskId: string; readonly startedAt: number; readonly at: number }, ended: SharedEnd): TaskReport {
  if (ended.kind === 'failed') return detailedReport(one, ended.details);
  if (ended.kind === 'cancelled') return { ...one, kind: 'cancelled', attempts: 1 };
  const { output, attempts, degraded } = ended;
  return { output, attempts, ...(degraded === undefined ? {} : { degraded }), ...one, kind: 'succeeded' };
}

/**
 * Returns a function that converts times by the worker's clock to the server's clock, within the activity. Where the clocks differ, all
 * times are shifted so that the last task ended when its activity did.
 */
export function serverClock(
  followed: readonly { readonly startedAt: number; readonly at: number }[],
  { from, to }: { readonly from: number; readonly to: number },
): (time: number) => number {
  const [first, last] = [followed[0]?.startedAt ?? from, followed.at(-1)?.at ?? to];
  const shift = first < from || last > to ? to - last : 0;
  return (time) => Math.min(Math.max(time + shift, from), to);
}
