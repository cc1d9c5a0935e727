import { proxyActivities } from '@temporalio/workflow';
import type { CustomActivity } from '../../activities/registry.ts';
import type { CustomTaskConfig } from '../../contracts/run/run-config.ts';
import type { CustomTaskCall } from '../../contracts/task/stage-report.ts';
import { unlessDefault } from '../../contracts/task/task-policy.ts';
import { encodedBytes } from '../../scheduling/payload/budget.ts';
import type { LaneEndedEvent } from '../../scheduling/run/run-events.ts';
import { runInOneActivity } from '../shared-activity.ts';
import { detailedReport } from '../symbol/task-report.ts';

/** Maximum total size, in bytes, of the inputs of tasks that run in one activity after its first task. */
const MAX_INPUTS = 200_000;

/**
 * Runs short tasks one after another in the activity of the first. Tasks that do not start within a second return to the queue. A
 * task that fails waits there for its retry, which is an activity of its own.
 */
export async function runShortTasks(
  [first, ...rest]: readonly CustomTaskConfig[],
  { runId, executionId }: Pick<CustomTaskCall, 'runId' | 'executionId'>,
  priority: { readonly priorityKey: number },
): Promise<Pick<LaneEndedEvent, 'end' | 'reports'>> {
  const next = fitting(rest);
  const call: CustomTaskCall = {
    runId,
    executionId,
    taskId: first.taskId,
    ...unlessDefault(first.policy),
    following: next.map(({ taskId, activity, args, policy }) => ({ taskId, activity, input: args[0] ?? null, ...unlessDefault(policy) })),
  };
  const { reports, failed } = await runInOneActivity([first, ...next], { priority, earlierAttempts: 0 }, (options) =>
    proxyActivities<Record<string, CustomActivity>>(options)[first.activity](first.args[0] ?? null, call),
  );
  if (failed !== undefined) {
    const task = { taskId: next[reports.length - 1].taskId, startedAt: failed.startedAt, at: Date.now() };
    return { end: 'completed', reports: [...reports, detailedReport(task, { ...failed, retryAfterMs: failed.retryDelayMs ?? 0 })] };
  }
  const { kind } = reports[reports.length - 1];
  const isOver = kind !== 'succeeded' || reports.length > rest.length;
  return { end: kind === 'cancelled' ? 'cancelled' : isOver ? 'completed' : 'yielded', reports };
}

function fitting(tasks: readonly CustomTaskConfig[]): readonly CustomTaskConfig[] {
  let bytes = 0;
  const tooMany = tasks.findIndex(({ args }) => (bytes += encodedBytes(args)) > MAX_INPUTS);
  return tooMany < 0 ? tasks : tasks.slice(0, tooMany);
}
