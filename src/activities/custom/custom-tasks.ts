import { readCustomTaskCall } from '../../contracts/earlier-payloads.ts';
import { messageOf } from '../../contracts/errors.ts';
import type { Json } from '../../contracts/pipeline-input.ts';
import type { StageEffect } from '../../contracts/stage-effect.ts';
import type { ActivityContext, LoadedActivity, LoadedPlugins, PluginActivity } from '../../plugins.ts';
import type { CustomActivity } from '../registry.ts';
import type { createTaskRunner } from '../runner/task-runner.ts';
import type { SHIPPED_ACTIVITIES } from './check-plugin.ts';
import { httpGet, httpPost } from './http.ts';
import { outputOf } from './json-output.ts';
import { sleep } from './sleep.ts';
import type { PluginThreads } from './threads/plugin-threads.ts';

/** Everything a custom task may name, shipped and from plugins, by activity name. */
export function customTasks(plugins: LoadedPlugins): ReadonlyMap<string, PluginActivity> {
  const shipped: Record<(typeof SHIPPED_ACTIVITIES)[number], PluginActivity> = { sleep, httpGet, httpPost };
  return new Map([...Object.entries(shipped), ...plugins.activities]);
}

/** What is wrong with a custom task's arguments, by the activity's own schema; one sentence each. */
export function argumentProblems(activity: PluginActivity, args: readonly Json[]): string[] {
  let parsed: ReturnType<PluginActivity['input']['safeParse']>;
  try {
    parsed = activity.input.safeParse(args[0] ?? {});
  } catch (error) {
    return [`args[0] cannot be checked, the schema of the activity throws (${messageOf(error)}); it may not be asynchronous`];
  }
  const problems = parsed.success ? [] : parsed.error.issues.map((issue) => [`args[0]`, ...issue.path].join('.') + `: ${issue.message}`);
  if (args.length > 1) problems.push(`args: one argument is passed to an activity, ${args.length} are given`);
  return problems;
}

/**
 * Wraps a task's code as a Temporal activity: checked input, ledger, retries, heartbeats.
 *
 * @param threads where those of plugins run
 */
export function customActivity(
  activity: PluginActivity | LoadedActivity,
  runTask: ReturnType<typeof createTaskRunner>,
  threads?: PluginThreads,
): CustomActivity {
  // A thread gets what was given and parses it again: what a schema makes of it may not survive the way there.
  const onThread = threads !== undefined && activity.thread !== false && 'module' in activity;
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
