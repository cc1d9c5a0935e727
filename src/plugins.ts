import { isAbsolute, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { z } from 'zod';
import type { Strategy } from './backtest/strategy.ts';
import { messageOf, PredictLabError } from './contracts/errors.ts';
import type { Log } from './contracts/log.ts';
import type { Json } from './contracts/pipeline-input.ts';
import { moduleHash } from './plugin-code.ts';

/** Who runs a plugin's activity, and how it hears of cancellation. */
export interface ActivityContext {
  readonly runId: string;
  readonly taskId: string;
  /** Counts from 1. */
  readonly attempt: number;
  /** Aborts at cancellation, timeout and worker shutdown. */
  readonly signal: AbortSignal;
  /** Says "still alive, and this far"; the details reach the next attempt's `resume`. */
  heartbeat(details?: Json): void;
  /** Where an earlier attempt had got to. */
  readonly resume: Json | undefined;
  readonly log: Log;
}

/** A task of the user's own: `args[0]` is checked by `input` before `run` sees it. The result must be small JSON. */
export interface PluginActivity<Input = unknown> {
  readonly input: z.ZodType<Input>;
  /**
   * For work that computes for long: it runs on a thread of its own, so that it holds up neither heartbeats nor other tasks, and
   * ends when it is cancelled or its time is up, whatever it does. Each thread loads the plugin's module for itself.
   *
   * @default false
   */
  readonly thread?: boolean;
  run(input: Input, context: ActivityContext): Promise<Json | void> | Json | void;
}

export interface Plugin {
  // biome-ignore lint/suspicious/noExplicitAny: each activity has its own input type
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly activities?: Readonly<Record<string, PluginActivity<any>>>;
  readonly strategies?: Readonly<Record<string, Strategy>>;
}

/**
 * Types a plugin; returns it unchanged.
 *
 * @example
 * export default definePlugin({
 *   activities: { greet: { input: z.object({ name: z.string() }), run: ({ name }) => ({ greeting: `hello ${name}` }) } },
 * });
 */
export const definePlugin = <P extends Plugin>(plugin: P): P => plugin;

/** A plugin's activity, and where it is from. */
export interface LoadedActivity extends PluginActivity {
  /** As `PREDICTLAB_PLUGINS` names it. */
  readonly module: string;
  readonly name: string;
}

export interface LoadedPlugins {
  readonly activities: ReadonlyMap<string, LoadedActivity>;
  readonly strategies: readonly Strategy[];
}

/**
 * Loads the modules of `PREDICTLAB_PLUGINS` (comma-separated; a package name, or a path relative to the working directory).
 *
 * @throws PredictLabError BadInput that names the module and what is wrong with it
 */
export async function loadPlugins(env: NodeJS.ProcessEnv): Promise<LoadedPlugins> {
  const activities = new Map<string, LoadedActivity>();
  const strategies: Strategy[] = [];
  for (const specifier of (env.PREDICTLAB_PLUGINS ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean)) {
    const plugin = await importPlugin(specifier);
    for (const [name, activity] of Object.entries(plugin.activities ?? {})) {
      if (typeof activity?.run !== 'function' || typeof activity.input?.safeParse !== 'function') {
        throw badPlugin(specifier, `activity "${name}" must be { input: <zod schema>, run(input, context) }`);
      }
      if (activities.has(name)) throw badPlugin(specifier, `activity "${name}" is already defined by another plugin; rename one`);
      if (activity.thread !== undefined && typeof activity.thread !== 'boolean')
        throw badPlugin(specifier, `activity "${name}" has thread: ${JSON.stringify(activity.thread)}; write true or leave it out`);
      activities.set(name, { ...(activity as PluginActivity), run: activity.run.bind(activity), module: specifier, name });
    }
    const own = Object.entries(plugin.strategies ?? {});
    const codeHash = own.length === 0 ? '' : await moduleHash(importPath(specifier, true));
    for (const [name, strategy] of own) strategies.push({ ...strategy, name, codeHash });
  }
  return { activities, strategies };
}

async function importPlugin(specifier: string): Promise<Plugin> {
  const path = importPath(specifier);
  let module: { default?: unknown };
  try {
    module = (await import(path)) as { default?: unknown };
  } catch (error) {
    throw badPlugin(specifier, `cannot be loaded: ${messageOf(error)}`, error);
  }
  const plugin = module.default;
  if (typeof plugin !== 'object' || plugin === null) throw badPlugin(specifier, 'has no default export { activities, strategies }');
  const unknown = Object.keys(plugin).filter((key) => key !== 'activities' && key !== 'strategies');
  if (unknown.length > 0) throw badPlugin(specifier, `exports ${unknown.join(', ')} in its default; it may have activities and strategies`);
  return plugin;
}

/** What to import for a specifier; `whole`: the file that a package name stands for. */
const importPath = (specifier: string, whole = false): string =>
  specifier.startsWith('.') || isAbsolute(specifier)
    ? pathToFileURL(resolve(specifier)).href
    : whole
      ? import.meta.resolve(specifier)
      : specifier;

const badPlugin = (specifier: string, problem: string, cause?: unknown): PredictLabError =>
  new PredictLabError('BadInput', `PREDICTLAB_PLUGINS: ${specifier} ${problem}`, { cause });
