import type { Strategy } from '../../../backtest/strategy.ts';
import { hearPrints } from '../../../plugins/plugin-prints.ts';
import type { LoadedPlugins, PluginActivity } from '../../../plugins/plugins.ts';
import { outputOf } from '../json-output.ts';
import { loadPlugins } from '../load-plugins.ts';
import { MessageBudget } from '../message-budget.ts';
import { describeThrown, type FromThread, type ThreadEnd, type ThreadTask } from './thread-messages.ts';

const modules = new Map<string, Promise<LoadedPlugins>>();

/** Plugins as this thread has them: a module stays loaded for the next task. */
export function pluginsOfThread(names: string): Promise<LoadedPlugins> {
  let loaded = modules.get(names);
  if (loaded === undefined) {
    loaded = loadPlugins({ PREDICTLAB_PLUGINS: names });
    modules.set(names, loaded);
  }
  return loaded;
}

let copies = 0;

/** Strategies of plugins for one batch of backtests, in modules loaded for it alone: nothing remembers what an earlier batch has seen. */
export const strategiesForBatch = async (names: string): Promise<readonly Strategy[]> =>
  names === '' ? [] : (await loadPlugins({ PREDICTLAB_PLUGINS: names }, { copy: ++copies })).strategies;

/**
 * Runs one task of a plugin on this thread.
 *
 * @param how.computing called when the plugin's function has been entered, and when it waits or has returned
 * @returns how it ended; never throws
 */
export async function runThreadTask(
  task: ThreadTask,
  how: { readonly say: (message: FromThread) => void; readonly signal: AbortSignal; readonly computing?: (entered: boolean) => void },
): Promise<ThreadEnd> {
  const { say, signal, computing } = how;
  const { module, activity: name, input, runId, taskId, attempt, resume } = task;
  const budget = new MessageBudget(say);
  try {
    // found good when the worker started
    const activity = (await pluginsOfThread(module)).activities.get(name) as PluginActivity;
    signal.throwIfAborted();
    const context = {
      runId,
      taskId,
      attempt,
      signal,
      resume,
      // As small as an output: it travels through Temporal each time.
      heartbeat: (details: unknown) =>
        budget.heartbeat(details === undefined ? undefined : outputOf(taskId, details, 'passed to heartbeat')),
      log: budget.asLog(),
    };
    computing?.(true);
    let running: ReturnType<PluginActivity['run']>;
    try {
      running = hearPrints(
        (level, line) => budget.log(level, line),
        () => activity.run(activity.input.parse(input), context),
      );
    } finally {
      computing?.(false);
    }
    return { output: outputOf(taskId, await running) };
  } catch (thrown) {
    return { thrown: describeThrown(thrown) };
  } finally {
    budget.end();
  }
}
