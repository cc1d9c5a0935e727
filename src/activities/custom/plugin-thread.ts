import type { MessagePort } from 'node:worker_threads';
import { type LoadedPlugins, loadPlugins, type PluginActivity } from '../../plugins.ts';
import { outputOf } from './json-output.ts';
import { describeThrown, errorOf, type FromThread, type ThreadEnd, type ThreadTask, type ToThread } from './thread-messages.ts';

const modules = new Map<string, Promise<LoadedPlugins>>();

/** Runs one task of a plugin; what a thread of `plugin-threads.ts` is there for. The module stays loaded for the next one. */
export default async function runOnThread({ task, port }: { task: ThreadTask; port: MessagePort }): Promise<ThreadEnd> {
  const stop = new AbortController();
  const say = (message: FromThread): void => port.postMessage(message);
  port.on('message', ({ abort }: ToThread) => stop.abort(errorOf(abort)));
  try {
    const { module, activity: name, input, runId, taskId, attempt, resume } = task;
    let loaded = modules.get(module);
    if (loaded === undefined) {
      loaded = loadPlugins({ PREDICTLAB_PLUGINS: module });
      modules.set(module, loaded);
    }
    // found good when the worker started
    const activity = (await loaded).activities.get(name) as PluginActivity;
    const log =
      (level: 'debug' | 'info' | 'warn' | 'error') =>
      (message: string, fields?: Record<string, unknown>): void =>
        say({ log: level, message, ...(fields === undefined ? {} : { fields }) });
    const returned = await activity.run(activity.input.parse(input), {
      runId,
      taskId,
      attempt,
      signal: stop.signal,
      resume,
      heartbeat: (details) => say({ heartbeat: details }),
      log: { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') },
    });
    return { output: outputOf(taskId, returned) };
  } catch (thrown) {
    return { thrown: describeThrown(thrown) };
  }
}
