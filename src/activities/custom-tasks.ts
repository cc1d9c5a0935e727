import { type ActivityContext, type LoadedPlugins, type PluginActivity } from '../plugins.ts';
import { messageOf, PredictLabError } from '../contracts/errors.ts';
import type { Json } from '../contracts/pipeline-input.ts';
import { httpGet, httpPost } from './custom/http.ts';
import { sleep } from './custom/sleep.ts';
import type { CustomActivity } from './registry.ts';
import type { StageEffect } from './stage-work.ts';
import type { createTaskRunner } from './task-runner.ts';

/** Everything a custom task may name, shipped and from plugins, by activity name. */
export function customTasks(plugins: LoadedPlugins): ReadonlyMap<string, PluginActivity> {
  const shipped: Record<string, PluginActivity> = { sleep, httpGet, httpPost };
  for (const name of plugins.activities.keys()) {
    if (name in shipped)
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

/** Outputs travel through Temporal and stand in the run's status: small facts, no data. */
const LARGEST_OUTPUT_BYTES = 32 * 1024;

/**
 * What an activity returned, as JSON holds it.
 *
 * @throws PredictLabError BadInput when JSON cannot hold it, or it is data rather than a fact
 */
function outputOf(taskId: string, returned: unknown): Json {
  let text: string | undefined;
  try {
    text = JSON.stringify(returned);
  } catch (error) {
    throw new PredictLabError(
      'BadInput',
      `${taskId} returned what JSON cannot hold (${messageOf(error).split('\n')[0]}); return plain values`,
      {
        cause: error,
      },
    );
  }
  if (text === undefined) return null;
  const bytes = Buffer.byteLength(text);
  if (bytes > LARGEST_OUTPUT_BYTES) {
    throw new PredictLabError(
      'BadInput',
      `${taskId} returned ${bytes} bytes, and a task's output may have ${LARGEST_OUTPUT_BYTES}; write data to a file or a table and return where it is`,
    );
  }
  return JSON.parse(text) as Json;
}

/** Wraps a task's code as a Temporal activity: checked input, ledger, retries, heartbeats. */
export function customActivity(activity: PluginActivity, runTask: ReturnType<typeof createTaskRunner>): CustomActivity {
  return async (given, context) =>
    await runTask({
      context,
      work: async (work): Promise<StageEffect> => {
        const parsed = activity.input.safeParse(given ?? {});
        if (!parsed.success) throw parsed.error;
        const { runId, taskId } = context;
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
        const result = outputOf(taskId, await activity.run(parsed.data, activityContext));
        return await work.record({ output: result });
      },
    });
}
