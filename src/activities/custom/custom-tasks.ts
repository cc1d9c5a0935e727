import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import { messageOf } from '../../contracts/errors.ts';
import type { Json } from '../../contracts/run/pipeline-input.ts';
import type { CustomTaskCall, StageEffect, TaskOutcome } from '../../contracts/task/stage-report.ts';
import { cutText } from '../../contracts/text/cut-text.ts';
import { issueWords } from '../../contracts/text/issue-words.ts';
import { durationMs } from '../../input/field-schemas.ts';
import { capturePrints } from '../../plugins/plugin-prints.ts';
import { type ActivityContext, definePlugin, type LoadedActivity, type LoadedPlugins, type PluginActivity } from '../../plugins/plugins.ts';
import { allowedNames, namesEnvironment, referenceProblems, resolveReferences } from '../../secrets/env-references.ts';
import { inlineSecrets } from '../../secrets/redact-input.ts';
import { secretsOf } from '../../secrets/secrets.ts';
import type { Database } from '../../storage/database/database.ts';
import type { CustomActivity } from '../registry.ts';
import { runWithFollowing, type SharedAttempt } from '../runner/shared-activity.ts';
import type { createTaskRunner } from '../runner/task-runner.ts';
import type { SHIPPED_ACTIVITIES } from './check-plugin.ts';
import { createHttpTasks } from './http.ts';
import { outputOf } from './json-output.ts';
import { MessageBudget } from './message-budget.ts';
import { passOn } from './threads/own-lane.ts';
import type { PluginThreads } from './threads/plugin-threads.ts';

/** All activities that a custom task may name, shipped ones and those of plugins, by name. @param env limits the shipped ones' requests */
export function customTasks(plugins: LoadedPlugins, env: NodeJS.ProcessEnv): ReadonlyMap<string, PluginActivity> {
  const shipped: Record<(typeof SHIPPED_ACTIVITIES)[number], PluginActivity> = { sleep, ...createHttpTasks(env) };
  return new Map([...Object.entries(shipped), ...plugins.activities]);
}

/**
 * Checks a custom task's arguments with the schema of its activity; returns one sentence per problem.
 * @param options.env where `{ "$env": … }` is looked up; a variable that is not set here is checked when the task runs
 * @param options.planned accepts references to any variable, because the worker's environment is not known
 */
export function argumentProblems(
  activity: PluginActivity,
  args: readonly Json[],
  { env = {}, planned = false }: { readonly env?: NodeJS.ProcessEnv; readonly planned?: boolean } = {},
): string[] {
  const problems = args.length > 1 ? [`args: one argument is passed to an activity, ${args.length} are given`] : [];
  let given: Json = args[0] ?? {};
  if (namesEnvironment(given)) {
    const allowed = allowedNames(env, activity.env);
    const written = referenceProblems(given, 'args[0]', planned ? undefined : allowed);
    if (written.length > 0) return [...written, ...problems];
    try {
      given = resolveReferences(given, { env, secrets: secretsOf(env), allowed });
    } catch {
      return problems;
    }
  }
  let parsed: ReturnType<PluginActivity['input']['safeParse']>;
  try {
    parsed = activity.input.safeParse(given);
  } catch (error) {
    return [`args[0] cannot be checked, the schema of the activity throws (${messageOf(error)}); it may not be asynchronous`, ...problems];
  }
  const found = parsed.success ? [] : parsed.error.issues.map((issue) => [`args[0]`, ...issue.path].join('.') + `: ${issueWords(issue)}`);
  return [...found, ...problems];
}

interface CustomActivities {
  /** The threads that run activities of plugins. @default they run on the main thread */
  readonly threads?: PluginThreads;
  /** The environment in which `{ "$env": … }` in a task's input is looked up. @default none */
  readonly env?: NodeJS.ProcessEnv;
}

/** Wraps the code of custom tasks as Temporal activities, which check input and ledger, send heartbeats and run following tasks. */
export function createCustomActivities(
  activities: ReadonlyMap<string, PluginActivity | LoadedActivity>,
  runTask: ReturnType<typeof createTaskRunner>,
  { database, ...how }: CustomActivities & { readonly database: Database },
): Record<string, CustomActivity> {
  const attempts = new Map([...activities].map(([name, activity]) => [name, customActivity(activity, runTask, how)]));
  const shared =
    (own: CustomAttempt): CustomActivity =>
    async (given, call) => {
      const { runId, executionId, taskId, following = [] } = call;
      if (following.length === 0) return await own(given, call);
      // tasks of plugins that this worker lacks are left to another worker
      const missing = following.findIndex(({ activity }) => !attempts.has(activity));
      return await runWithFollowing({
        database,
        executionId,
        taskId,
        own: () => own(given, call),
        following: missing < 0 ? following : following.slice(0, missing),
        run: async ({ activity, input, ...next }, { progress, mayHaveRun }) => {
          const run = attempts.get(activity) as CustomAttempt;
          // heartbeats contain no outputs, which may be large together
          const briefly = () => progress().map((report) => (report.kind === 'succeeded' ? { ...report, output: null } : report));
          return await run(input, { runId, executionId, ...next, mayHaveRun }, { progress: briefly });
        },
      });
    };
  return Object.fromEntries([...attempts].map(([name, own]) => [name, shared(own)]));
}

type CustomAttempt = (given: unknown, call: CustomTaskCall, following?: Pick<SharedAttempt, 'progress'>) => Promise<TaskOutcome>;

/** Returns a function that runs one attempt of a task with this activity, inside the current Temporal activity. */
export function customActivity(
  activity: PluginActivity | LoadedActivity,
  runTask: ReturnType<typeof createTaskRunner>,
  { threads, env = {} }: CustomActivities = {},
): CustomAttempt {
  // a thread receives the original input and parses it again, because a schema's result may not survive the transfer
  const onThread = threads !== undefined && activity.thread !== false && 'module' in activity;
  const run = async (given: unknown, parsed: unknown, context: ActivityContext): Promise<Json> =>
    onThread
      ? await threads.run(activity, given, context)
      : outputOf(
          context.taskId,
          await capturePrints(
            (level, line) => context.log[level](line),
            () => activity.run(parsed, context),
          ),
        );
  return async (given, call, following) => {
    const foreign = 'module' in activity ? { foreign: `activity "${activity.name}" of plugin ${activity.module}` } : {};
    const outcome = await runTask({
      call,
      following,
      ...foreign,
      work: async (work): Promise<StageEffect> => {
        secretsOf(env).learnInline(inlineSecrets(given));
        const source = { env, secrets: secretsOf(env), allowed: allowedNames(env, activity.env) };
        const input = resolveReferences((given ?? {}) as Json, source);
        const parsed = activity.input.safeParse(input);
        if (!parsed.success) throw parsed.error;
        const { runId, taskId } = call;
        const { attempt, signal, resume } = work;
        // Not needed on a thread, which limits its own messages.
        const budget = onThread ? undefined : new MessageBudget((message) => passOn(message, work));
        const activityContext: ActivityContext = {
          runId,
          taskId,
          attempt,
          signal,
          resume,
          log: budget === undefined ? work.log : budget.asLog(),
          heartbeat: (details = null) => (budget ?? work).heartbeat(outputOf(taskId, details, 'passed to heartbeat')),
        };
        try {
          return await work.record({ output: await run(input, parsed.data, activityContext) });
        } finally {
          budget?.end();
        }
      },
    });
    if (onThread && following === undefined && call.following === undefined) await threads.together();
    return outcome;
  };
}

/** A duration such as "5m" or "1s" as milliseconds. */
export const durationSchema = z.string().transform((text, context) => {
  const milliseconds = durationMs(text);
  if (typeof milliseconds === 'number' && Number.isFinite(milliseconds) && milliseconds >= 0) return milliseconds;
  context.addIssue({ code: 'custom', message: `"${cutText(text, 40)}" is not a duration; write "30s", "5m" or "2h"` });
  return z.NEVER;
});

const input = z.strictObject({ duration: durationSchema });

/** Waits and keeps its slot; for tests and for pauses between tasks. */
export const { sleep } = definePlugin({
  activities: {
    sleep: {
      input,
      async run({ duration }: z.infer<typeof input>, { signal }: { signal: AbortSignal }) {
        await wait(duration, undefined, { signal });
        return { sleptSeconds: duration / 1000 };
      },
    },
  },
}).activities;
