import { proxyActivities } from '@temporalio/workflow';
import type { StageActivities } from '../../activities/registry.ts';
import { hasLittleToDo, LITTLE, outputIn } from '../../contracts/task/little-to-do.ts';
import type { EarlierAttempts, FollowingStages, StageCall, SymbolPipelineInput, TaskReport } from '../../contracts/task/stage-report.ts';
import { defaultPolicy } from '../../contracts/task/task-policy.ts';
import { type Stage, stageTaskId } from '../../contracts/words.ts';
import { activityOptions } from '../activity-options.ts';
import { detailedReport, failureReport, successReport } from './task-report.ts';

interface QuietStages {
  readonly call: Pick<StageCall, 'runId' | 'executionId' | 'symbol'>;
  readonly stages: readonly Stage[];
  readonly policies: FollowingStages['policies'];
  /** Earlier attempts of the first stage. @default none */
  readonly earlier?: EarlierAttempts;
  readonly priority: { readonly priorityKey: number };
  readonly isYieldRequested: () => boolean;
}

/**
 * Runs the first stages of a symbol without a workflow of its own. One activity runs as many as start within a second; where the next one has
 * little to do, another activity continues. It stops where a stage may be long, fails or is cancelled.
 * @returns the reports of the stages that ended, the failed first attempt of the next one, if it had one, and whether the later ones may have
 *   run on a worker that was lost
 */
export async function runQuietStages({ call, stages, policies = {}, earlier, priority, isYieldRequested }: QuietStages): Promise<{
  readonly reports: readonly TaskReport[];
  readonly failedLocally?: SymbolPipelineInput['failedLocally'];
  readonly mayHaveRun?: boolean;
}> {
  const reports: TaskReport[] = [];
  let mayHaveRun: true | undefined;
  const isQuiet = (stage: Stage): boolean => !isYieldRequested() && hasLittleToDo(stage, outputIn(reports), LITTLE);
  while (reports.length === 0 || (reports.length < stages.length && isQuiet(stages[reports.length]))) {
    const isFirst = reports.length === 0;
    const [stage, ...next] = stages.slice(reports.length);
    const task = {
      taskId: stageTaskId(call.symbol, stage),
      startedAt: Date.now(),
      earlierAttempts: isFirst ? (earlier?.attempts ?? 0) : 0,
    };
    // the activity's own limit only ends a hung process, so it is the longest of its stages'
    const policyOf = (each: Stage) => policies[each] ?? defaultPolicy(each);
    const timeoutMs = Math.max(...[stage, ...next].map((each) => policyOf(each).timeoutMs));
    const options = activityOptions({ taskId: task.taskId, policy: { ...policyOf(stage), timeoutMs } });
    try {
      const {
        followed = [],
        known,
        ...outcome
      } = await proxyActivities<StageActivities>({ ...options, priority })[stage]({
        ...call,
        policy: policies[stage],
        ...(isFirst ? { earlier } : {}),
        ...(mayHaveRun && { mayHaveRun }),
        following: { stages: next, policies },
      });
      mayHaveRun ??= known;
      const now = Date.now();
      const clock = serverClock(followed, { from: task.startedAt, to: now });
      reports.push({ ...successReport(task, outcome), at: clock(followed[0]?.startedAt ?? now) });
      for (const { stage: name, kind, ...ended } of followed) {
        const [startedAt, at] = [clock(ended.startedAt), clock(ended.at)];
        const one = { taskId: stageTaskId(call.symbol, name), startedAt, at };
        if ('details' in ended && !ended.final) return { reports, failedLocally: { ...ended.details, startedAt }, mayHaveRun };
        if ('details' in ended) reports.push(detailedReport(one, ended.details));
        else if ('output' in ended) reports.push({ ...ended, ...one, kind: 'succeeded' });
        else reports.push({ ...one, kind: 'cancelled', attempts: 1 });
        if (kind !== 'succeeded') return { reports };
      }
    } catch (thrown) {
      reports.push(failureReport(task, thrown));
      return { reports };
    }
  }
  return { reports, mayHaveRun };
}

/**
 * Turns times of a worker's clock into times within the activity by the server's clock. A worker's clock that is ahead or behind is set so
 * that the last stage ended when its activity did.
 */
export function serverClock(
  followed: readonly { readonly startedAt: number; readonly at: number }[],
  { from, to }: { readonly from: number; readonly to: number },
): (time: number) => number {
  const [first, last] = [followed[0]?.startedAt ?? from, followed.at(-1)?.at ?? to];
  const shift = first < from || last > to ? to - last : 0;
  return (time) => Math.min(Math.max(time + shift, from), to);
}
