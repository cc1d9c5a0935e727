import { isAbsolute, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Log } from '../../../contracts/log.ts';
import { describeThrown, type ThrownError } from './thread-messages.ts';

/**
 * Reports errors that no task waits for (a timer that throws, a promise that is not awaited), which would end the thread or, on the main
 * thread, the worker. On a thread of plugins they are errors of the plugin: the thread continues.
 */
export function onStrayErrors(report: (stray: ThrownError) => void): void {
  process.on('uncaughtException', (error) => report(describeThrown(error)));
  process.on('unhandledRejection', (reason) => report(describeThrown(reason)));
}

/** Logs an error that a plugin threw outside of its tasks. */
export function logStray(log: Pick<Log, 'error'>, module: string, { name, message, stack }: ThrownError): void {
  log.error(
    `PREDICTLAB_PLUGINS: ${module} threw outside of its tasks, in a timer or a promise that nobody awaits (${name}: ${message}); catch it there`,
    {
      stack,
    },
  );
}

interface WatchedModules {
  readonly modules: readonly string[];
  readonly log: Pick<Log, 'error'>;
}

/** Plugins of all workers of this process. They are never removed, because a plugin's timers can outlive its worker. */
const watched = new Map<string, WatchedModules>();

/** Logs stray errors of plugins on the main thread and keeps the worker running. A stray error of PredictLab itself ends the worker. */
export function keepFromStrayErrors({ modules, log }: WatchedModules): void {
  if (modules.length === 0) return;
  if (watched.size === 0) process.on('uncaughtException', onException).on('unhandledRejection', onRejection);
  watched.set(modules.join(','), { modules, log });
}

const onException = (error: unknown): void => judge('uncaughtException', error);
const onRejection = (reason: unknown): void => judge('unhandledRejection', reason);

function judge(event: 'uncaughtException' | 'unhandledRejection', error: unknown): void {
  const thrown = describeThrown(error);
  const stack = stackOf(error);
  for (const { modules, log } of watched.values()) {
    const module = modules.find((name) => namesOf(name).some((one) => stack.includes(one)));
    if (module !== undefined) return logStray(log, module, thrown);
  }
  const [{ modules, log }] = [...watched.values()].slice(-1);
  // the stack of a socket or a timer of Node.js does not name its owner, so the plugins are suspected
  if (!isOurs(stack)) return logStray(log, modules.join(' or '), thrown);
  // the other listeners of the process handle the error
  if (process.listenerCount(event) > 1) return;
  log.error(`the worker ends: ${thrown.message}`, { stack: thrown.stack });
  process.exit(1);
}

/** Texts by which a module can be recognised in stack traces. */
function namesOf(module: string): readonly string[] {
  if (!module.startsWith('.') && !isAbsolute(module)) return [`/node_modules/${module}/`];
  const path = resolve(module);
  return [path, pathToFileURL(path).href];
}

const stackOf = (error: unknown): string =>
  error instanceof Error ? `${error.stack ?? ''}\n${error.cause === undefined ? '' : stackOf(error.cause)}` : '';

const ROOT = new URL('../../../', import.meta.url);
const OURS = [ROOT.href, fileURLToPath(ROOT)];
const isOurs = (stack: string): boolean =>
  OURS.some((root) => stack.includes(root)) || /\/(node_modules\/(@temporalio|pg|pg-[\w-]+)|dist\/bundle)\//.test(stack);
