import { proxyActivities } from '@temporalio/workflow';
import type { StageActivities } from '../../activities/registry.ts';
import { hasLittleToDo, LITTLE, outputIn } from '../../contracts/task/little-to-do.ts';
import type { EarlierAttempts, FollowingStages, StageCall, SymbolPipelineInput, TaskReport } from '../../contracts/task/stage-report.ts';
import { defaultPolicy } from '../../contracts/task/task-policy.ts';
import { type Stage, stageTaskId } from '../../contracts/words.ts';
import { runInOneActivity } from '../shared-activity.ts';

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
 * @returns the reports of the stages that ended, the first attempt of the next stage if it failed, and whether stages after the reported ones may
 *   have run too, on a worker that was lost before it reported them
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
    const tasks = [stage, ...next].map((each) => ({
      taskId: stageTaskId(call.symbol, each),
      policy: policies[each] ?? defaultPolicy(each),
    }));
    const earlierAttempts = isFirst ? (earlier?.attempts ?? 0) : 0;
    const {
      reports: ended,
      failed,
      known,
    } = await runInOneActivity(tasks, { priority, earlierAttempts }, (options) =>
      proxyActivities<StageActivities>(options)[stage]({
        ...call,
        policy: policies[stage],
        ...(isFirst ? { earlier } : {}),
        ...(mayHaveRun && { mayHaveRun }),
        following: { stages: next, policies },
      }),
    );
    mayHaveRun ??= known;
    reports.push(...ended);
    if (failed !== undefined) return { reports, failedLocally: failed, mayHaveRun };
    if (ended[ended.length - 1].kind !== 'succeeded') return { reports };
  }
  return { reports, mayHaveRun };
}
