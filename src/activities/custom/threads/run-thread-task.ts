import { requireBuiltIns } from '../../../backtest/engine/fence.ts';
import type { Strategy } from '../../../backtest/strategy.ts';
import { capturePrints } from '../../../plugins/plugin-prints.ts';
import type { LoadedPlugins, PluginActivity } from '../../../plugins/plugins.ts';
import { outputOf } from '../json-output.ts';
import { loadPlugins } from '../load-plugins.ts';
import { MessageBudget } from '../message-budget.ts';
import { describeThrown, type FromThread, type ThreadEnd, type ThreadTask } from './thread-messages.ts';

const modules = new Map<string, Promise<LoadedPlugins>>();

/** Loads plugins on this thread, or returns the loaded ones: a module stays loaded for the next task. */
export function pluginsOfThread(names: string): Promise<LoadedPlugins> {
  let loaded = modules.get(names);
  if (loaded === undefined) {
    loaded = loadPlugins({ PREDICTLAB_PLUGINS: names });
    modules.set(names, loaded);
  }
  return loaded;
}

let copies = 0;

/** Loads the strategies of plugins for one batch of backtests, in fresh copies of the modules: no state survives from an earlier batch. */
export const strategiesForBatch = async (names: string): Promise<readonly Strategy[]> =>
  names === '' ? [] : (await loadPlugins({ PREDICTLAB_PLUGINS: names }, { copy: ++copies })).strategies;

/**
 * Runs one task of a plugin on this thread; returns its output or error, never throws.
 * @param how.computing called with true when the plugin's function is entered, with false when it waits or has returned
 */
export async function runThreadTask(
  task: ThreadTask,
  how: { readonly send: (message: FromThread) => void; readonly signal: AbortSignal; readonly computing?: (entered: boolean) => void },
): Promise<ThreadEnd> {
  const { send, signal, computing } = how;
  const { module, activity: name, input, runId, taskId, attempt, resume } = task;
  const budget = new MessageBudget(send);
  try {
    // the activity exists: the worker checked the plugin when it started
    const activity = (await pluginsOfThread(module)).activities.get(name) as PluginActivity;
    signal.throwIfAborted();
    const context = {
      runId,
      taskId,
      attempt,
      signal,
      resume,
      // heartbeats have the same size limit as outputs, since each one is sent to the Temporal server
      heartbeat: (details: unknown) =>
        budget.heartbeat(details === undefined ? undefined : outputOf(taskId, details, 'passed to heartbeat')),
      log: budget.asLog(),
    };
    computing?.(true);
    let running: ReturnType<PluginActivity['run']>;
    try {
      running = capturePrints(
        (level, line) => budget.log(level, line),
        () => activity.run(activity.input.parse(input), context),
      );
    } finally {
      computing?.(false);
    }
    const output = outputOf(taskId, await running);
    // checked because the next job on this thread may be a backtest
    requireBuiltIns('was changed by the task');
    return { output };
  } catch (thrown) {
    return { thrown: describeThrown(thrown) };
  } finally {
    budget.end();
  }
}
