import { readCustomTaskCall } from '../../contracts/earlier-payloads.ts';
import { PredictLabError } from '../../contracts/errors.ts';
import type { Json } from '../../contracts/pipeline-input.ts';
import type { StageEffect } from '../../contracts/stage-effect.ts';
import type { ActivityContext, LoadedActivity, LoadedPlugins, PluginActivity } from '../../plugins.ts';
import type { CustomActivity } from '../registry.ts';
import type { createTaskRunner } from '../runner/task-runner.ts';
import { httpGet, httpPost } from './http.ts';
import { outputOf } from './json-output.ts';
import type { PluginThreads } from './plugin-threads.ts';
import { sleep } from './sleep.ts';

/** Everything a custom task may name, shipped and from plugins, by activity name. */
export function customTasks(plugins: LoadedPlugins): ReadonlyMap<string, PluginActivity> {
  const shipped: Record<string, PluginActivity> = { sleep, httpGet, httpPost };
  for (const name of plugins.activities.keys()) {
    if (Object.hasOwn(shipped, name))
      throw new PredictLabError('BadInput', `PREDICTLAB_PLUGINS: an activity is named "${name}", which is built in; rename it`);
  }
  return new Map([...Object.entries(shipped), ...plugins.activities]);
}

/** What is wrong with a custom task's arguments, by the activity's own schema; one sentence each. */
export function argumentProblems(activity: PluginActivity, args: readonly Json[]): string[] {
  const parsed = activity.input.safeParse(args[0] ?? {});
  const problems = parsed.success ? [] : parsed.error.issues.map((issue) => [`args[0]`, ...issue.path].join('.') + `: ${issue.message}`);
  if (args.length > 1) problems.push(`args: one argument is passed to an activity, ${args.length} are given`);
  return problems;
}

/**
 * Wraps a task's code as a Temporal activity: checked input, ledger, retries, heartbeats.
 *
 * @param threads where those with `thread` run
 */
export function customActivity(
  activity: PluginActivity | LoadedActivity,
  runTask: ReturnType<typeof createTaskRunner>,
  threads?: PluginThreads,
): CustomActivity {
  // A thread gets what was given and parses it again: what a schema makes of it may not survive the way there.
  const onThread = threads !== undefined && activity.thread === true && 'module' in activity;
  const run = async (given: unknown, parsed: unknown, context: ActivityContext): Promise<Json> =>
    onThread ? await threads.run(activity, given, context) : outputOf(context.taskId, await activity.run(parsed, context));
  return async (given, passed) => {
    const call = readCustomTaskCall(passed);
    const outcome = await runTask({
      call,
      work: async (work): Promise<StageEffect> => {
        const parsed = activity.input.safeParse(given ?? {});
        if (!parsed.success) throw parsed.error;
        const { runId, taskId } = call;
        const { attempt, signal, resume, log } = work;
        const activityContext: ActivityContext = {
          runId,
          taskId,
          attempt,
          signal,
          resume,
          log,
          heartbeat: (details = null) => work.heartbeat(details),
        };
        return await work.record({ output: await run(given ?? {}, parsed.data, activityContext) });
      },
    });
    if (onThread) await threads.together();
    return outcome;
  };
}
