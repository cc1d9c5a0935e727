import type { z } from 'zod';
import type { Strategy } from '../backtest/strategy.ts';
import type { Log } from '../contracts/log.ts';
import type { Json } from '../contracts/run/pipeline-input.ts';

/** Context of a plugin's activity: its run and task, cancellation, heartbeats and log. */
export interface ActivityContext {
  readonly runId: string;
  readonly taskId: string;
  /** Number of the attempt, from 1. */
  readonly attempt: number;
  /** Aborted at cancellation, timeout and worker shutdown. */
  readonly signal: AbortSignal;
  /** Reports that the activity is alive, with its progress; the next attempt receives the details as `resume`. */
  heartbeat(details?: Json): void;
  /** The last heartbeat details of an earlier attempt. */
  readonly resume: Json | undefined;
  readonly log: Log;
}

/** A custom task of the user. `input` checks `args[0]` before `run` is called. The result must be small JSON. */
export interface PluginActivity<Input = unknown> {
  readonly input: z.ZodType<Input>;
  /**
   * The thread that runs the activity. By default it is the plugin's own thread, which all its activities share together with their
   * module's state. `true` is for long computations: each task has its own thread (as many as there are cores) with its own copy of the
   * module. `false` is the worker's main thread, where one long computation blocks everything else.
   * @default the plugin's own thread
   */
  readonly thread?: boolean;
  /** Variables that `{ "$env": … }` in this activity's arguments may name in addition to `PREDICTLAB_ENV_ALLOW`. @default none */
  readonly env?: readonly string[];
  run(input: Input, context: ActivityContext): Promise<Json | void> | Json | void;
}

export interface Plugin {
  // biome-ignore lint/suspicious/noExplicitAny: each activity has its own input type
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly activities?: Readonly<Record<string, PluginActivity<any>>>;
  readonly strategies?: Readonly<Record<string, Strategy>>;
  /** Venues to collect from, each made with `defineVenue`. */
  readonly venues?: readonly { readonly name: string }[];
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

/** A loaded activity of a plugin. */
export interface LoadedActivity extends PluginActivity {
  readonly module: string;
  readonly name: string;
}

export interface LoadedStrategy extends Strategy {
  readonly module: string;
}

export interface LoadedPlugins {
  readonly activities: ReadonlyMap<string, LoadedActivity>;
  readonly strategies: readonly LoadedStrategy[];
  readonly modules: readonly string[];
  /** Hex SHA-256 of the code of each module, including everything it loads and reads. */
  readonly hashes: Readonly<Record<string, string>>;
}
