import { isAbsolute, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Log } from '../../../contracts/log.ts';
import { describeThrown, type ThrownError } from './thread-messages.ts';

/**
 * A timer that throws or a promise that nobody waits for would end the thread, and on the main thread the worker. On a thread of
 * plugins they are the plugin's: they are logged, and the thread continues.
 */
export function onStrayErrors(tell: (stray: ThrownError) => void): void {
  process.on('uncaughtException', (error) => tell(describeThrown(error)));
  process.on('unhandledRejection', (reason) => tell(describeThrown(reason)));
}

/** Says that a plugin threw where no task waits for it. */
export function tellStray(log: Pick<Log, 'error'>, module: string, { name, message, stack }: ThrownError): void {
  log.error(
    `PREDICTLAB_PLUGINS: ${module} threw outside of its tasks, in a timer or a promise that nobody awaits (${name}: ${message}); catch it there`,
    {
      stack,
    },
  );
}

interface Kept {
  readonly modules: readonly string[];
  readonly log: Pick<Log, 'error'>;
}

/** For the life of the process: what a module left running does not end with the worker. */
const kept = new Map<string, Kept>();

/**
 * The same for the main thread, where plugins' modules are loaded too. Errors of our own end the worker as ever: a supervisor starts
 * it again.
 */
export function keepFromStrayErrors({ modules, log }: Kept): void {
  if (modules.length === 0) return;
  if (kept.size === 0) process.on('uncaughtException', onException).on('unhandledRejection', onRejection);
  kept.set(modules.join(','), { modules, log });
}

const onException = (error: unknown): void => judge('uncaughtException', error);
const onRejection = (reason: unknown): void => judge('unhandledRejection', reason);

function judge(event: 'uncaughtException' | 'unhandledRejection', error: unknown): void {
  const thrown = describeThrown(error);
  const stack = stackOf(error);
  for (const { modules, log } of kept.values()) {
    const module = modules.find((name) => namesOf(name).some((one) => stack.includes(one)));
    if (module !== undefined) return tellStray(log, module, thrown);
  }
  const [{ modules, log }] = [...kept.values()].slice(-1);
  // A socket or a timer of Node.js itself says nothing of who opened it.
  if (!isOurs(stack)) return tellStray(log, modules.join(' or '), thrown);
  // Another listener decides.
  if (process.listenerCount(event) > 1) return;
  log.error(`the worker ends: ${thrown.message}`, { stack: thrown.stack });
  process.exit(1);
}

/** How stack traces name a module. */
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
  OURS.some((root) => stack.includes(root)) || /\/(node_modules\/(@temporalio|pg|pg-[\w-]+|tinypool)|dist\/bundle)\//.test(stack);
