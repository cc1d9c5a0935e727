import type { Strategy } from '../../backtest/strategy.ts';
import { isUsedPackage } from '../../plugins/module-graph.ts';
import type { PluginCode } from '../../plugins/plugin-code.ts';
import type { LoadedActivity, LoadedPlugins, LoadedStrategy, PluginActivity } from '../../plugins/plugins.ts';
import { clearSharedMemory, sharedObjectsChanged, sharedObjectsGap } from '../../plugins/shared-objects.ts';
import type { AnyVenue } from '../../sources/venue.ts';
import { setPluginVenues } from '../../sources/venues.ts';
import { activityProblem, badPlugin, pluginProblem, strategyProblem, venueProblem } from './check-plugin.ts';
import { importPlugin } from './import-plugin.ts';
import { tryPlugin } from './threads/thread-entry.ts';

/**
 * Loads and checks the modules of `PREDICTLAB_PLUGINS` (comma-separated package names, or paths relative to the working directory).
 *
 * @param how.copy loads fresh copies of all modules, with their own state. @default the loaded modules are reused
 * @throws PredictLabError BadInput that names the module and what is wrong with it
 */
export async function loadPlugins(env: NodeJS.ProcessEnv, { copy }: { readonly copy?: number } = {}): Promise<LoadedPlugins> {
  const modules = pluginModules(env);
  const activities = new Map<string, LoadedActivity>();
  const strategies = new Map<string, LoadedStrategy>();
  const venues = new Map<string, readonly AnyVenue[]>();
  const hashes: Record<string, string> = {};
  for (const module of modules) {
    // a fresh copy needs no trial, because its module has been loaded before
    if (copy === undefined) await tryPlugin(module);
    const { exported, code } = await importPlugin(module, { copy });
    // reading what it exports may run its code
    code.asModule(() => {
      const problem = pluginProblem(exported);
      if (problem !== undefined) throw badPlugin(module, problem);
      const plugin = exported as {
        activities?: Record<string, PluginActivity>;
        strategies?: Record<string, Strategy>;
        venues?: readonly AnyVenue[];
      };
      for (const venue of plugin.venues ?? []) {
        const wrong = venueProblem(venue);
        if (wrong !== undefined) throw badPlugin(module, wrong);
      }
      venues.set(module, plugin.venues ?? []);
      for (const [name, activity] of Object.entries(plugin.activities ?? {})) {
        const wrong = activityProblem(name, activity) ?? (activities.has(name) ? `activity "${name}" is ${TWICE}` : undefined);
        if (wrong !== undefined) throw badPlugin(module, wrong);
        activities.set(name, {
          input: activity.input,
          thread: activity.thread,
          env: activity.env,
          run: activity.run.bind(activity),
          module,
          name,
        });
      }
      const own = Object.entries(plugin.strategies ?? {});
      hashes[module] = code.hash;
      const memory = memoryOfCopy();
      for (const [name, strategy] of own) {
        const wrong = strategyProblem(name, strategy) ?? (strategies.has(name) ? `strategy "${name}" is ${TWICE}` : undefined);
        if (wrong !== undefined) throw badPlugin(module, wrong);
        strategies.set(
          name,
          namedStrategy(strategy, { name, module, codeHash: code.hash }, { code, memory, names: own.map(([one]) => one) }),
        );
      }
    });
  }
  setPluginVenues(venues);
  return { activities, strategies: [...strategies.values()], modules, hashes };
}

/** Adds to a strategy its name, its module and the hash of the module's code, for the passports of backtests. */
function namedStrategy(
  strategy: Strategy,
  about: { readonly name: string; readonly module: string; readonly codeHash: string },
  { code, memory, names }: { readonly code: PluginCode; readonly memory: CopyMemory; readonly names: readonly string[] },
): LoadedStrategy {
  // copies the values now, while reads are watched: a getter of the strategy could run its code later
  const facts = { ...about, summary: strategy.summary ?? '', params: strategy.params, version: undefined };
  const create = strategy.create.bind(strategy);
  return Object.create(strategy, {
    ...Object.fromEntries(Object.entries(facts).map(([key, value]) => [key, { value, enumerable: true }])),
    codeGap: { get: () => code.gap(), enumerable: true },
    dataGap: { get: () => code.dataGap ?? code.ambientGap(names) ?? memory.gap(), enumerable: true },
    create: {
      value: (...args: Parameters<Strategy['create']>) => {
        memory.start();
        return create(...args);
      },
      enumerable: true,
    },
  }) as LoadedStrategy;
}

interface CopyMemory {
  /** Called before the first decision of a fresh copy of a plugin; forgets what earlier copies stored in shared memory. */
  start(): void;
  /** The reason why this copy may still know what an earlier copy saw; undefined if it cannot. */
  gap(): string | undefined;
}

/** Separates a fresh copy of a plugin from earlier copies, all of which ended before its first decision. */
function memoryOfCopy(): CopyMemory {
  let started = false;
  return {
    start() {
      if (started) return;
      started = true;
      clearSharedMemory(isUsedPackage);
      sharedObjectsChanged();
    },
    gap: sharedObjectsGap,
  };
}

const TWICE = 'already defined by another plugin; rename one';

/** The modules in `PREDICTLAB_PLUGINS`. @throws PredictLabError BadInput when one is listed twice */
export function pluginModules(env: NodeJS.ProcessEnv): readonly string[] {
  const modules = (env.PREDICTLAB_PLUGINS ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean);
  const twice = modules.find((module, index) => modules.indexOf(module) !== index);
  if (twice !== undefined) throw badPlugin(twice, 'is named twice; name it once');
  return modules;
}
