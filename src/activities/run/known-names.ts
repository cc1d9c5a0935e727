import { strategyProblems } from '../../backtest/strategies/registry.ts';
import type { Strategy } from '../../backtest/strategy.ts';
import { groupedBy } from '../../contracts/grouped-by.ts';
import type { KnownNames } from '../../input/pipeline-schema.ts';
import { recordOf } from '../../input/raw-input.ts';
import type { PluginActivity } from '../../plugins/plugins.ts';
import { defaultSources, sourceNames } from '../../sources/venues.ts';
import type { SymbolName } from '../../storage/markets/catalogue.ts';
import { argumentProblems } from '../custom/custom-tasks.ts';

/**
 * Replaces the universes in a run's input by their shards. A universe that no run has listed yet stays in the input itself.
 * @returns the new input, the symbols that it may name, and the universes that it contained
 */
export function withShards(
  given: unknown,
  names: readonly SymbolName[],
): { readonly input: unknown; readonly symbols: readonly SymbolName[]; readonly universes: readonly string[] } {
  const all = names.filter(({ kind }) => kind === 'universe').map(({ symbol }) => symbol);
  if (all.length === 0) return { input: given, symbols: names, universes: [] };
  const shards = groupedBy(
    names.filter((name) => name.universe !== undefined),
    ({ universe }) => universe,
  );
  const isListed = new Set(all.filter((universe) => shards.has(universe)));
  const symbols = names.filter(({ symbol }) => !isListed.has(symbol));
  const { symbols: asked } = recordOf(given);
  if (!Array.isArray(asked))
    return {
      input: given,
      symbols,
      universes: names.filter((name) => name.kind === 'universe' && name.enabled).map(({ symbol }) => symbol),
    };
  const replaced = asked.flatMap((one: unknown) => shards.get(one as string)?.map(({ symbol }) => symbol) ?? [one]);
  return {
    input: { ...recordOf(given), symbols: [...new Set(replaced)] },
    symbols,
    universes: all.filter((universe) => asked.includes(universe)),
  };
}

/** The names that a run's input may contain on this worker, for a run that starts as for one that is only planned. */
export function knownNames({
  symbols,
  strategies,
  activities,
  env,
  planned = false,
}: {
  readonly symbols: KnownNames['symbols'];
  readonly strategies: readonly Strategy[];
  readonly activities: ReadonlyMap<string, PluginActivity>;
  /** The environment in which `{ "$env": … }` in arguments is looked up. */
  readonly env: NodeJS.ProcessEnv;
  /** Whether the run is only planned here, without the worker's environment, so that references to any variable pass. @default false */
  readonly planned?: boolean;
}): Pick<KnownNames, 'symbols' | 'strategies' | 'activities' | 'sources'> {
  return {
    symbols,
    sources: { names: sourceNames(), byDefault: defaultSources() },
    strategies: strategies.map(({ name }) => ({ name, problems: (params) => strategyProblems(name, params, strategies) })),
    activities: [...activities].map(([name, activity]) => ({
      name,
      problems: (args) => argumentProblems(activity, args, { env, planned }),
    })),
  };
}
