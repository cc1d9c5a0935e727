import type { z } from 'zod';
import type { Strategy } from '../backtest/strategy.ts';
import type { Log } from '../contracts/log.ts';
import type { Json } from '../contracts/run/pipeline-input.ts';

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
   * Where it runs. By default on the plugin's own thread, which all its activities share with their module's state, beside
   * those that wait there. `true` is for work that computes for long: each task has a thread to itself, out of as many as there are
   * cores, and each of these loads its own copy of the module. `false` is the worker's main thread, where one long computation holds up everything.
   *
   * @default the plugin's own thread
   */
  readonly thread?: boolean;
  /** Variables of the worker that `{ "$env": … }` in this activity's arguments may name, besides `PREDICTLAB_ENV_ALLOW`. @default none */
  readonly env?: readonly string[];
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

export interface LoadedStrategy extends Strategy {
  /** As `PREDICTLAB_PLUGINS` names it. */
  readonly module: string;
}

export interface LoadedPlugins {
  readonly activities: ReadonlyMap<string, LoadedActivity>;
  readonly strategies: readonly LoadedStrategy[];
  /** As `PREDICTLAB_PLUGINS` names them. */
  readonly modules: readonly string[];
  /** Hex SHA-256 of the code of each module, and of what it imports by relative paths. */
  readonly hashes: Readonly<Record<string, string>>;
}
