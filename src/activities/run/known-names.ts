import { strategyProblems } from '../../backtest/strategies/registry.ts';
import type { Strategy } from '../../backtest/strategy.ts';
import type { KnownNames } from '../../input/pipeline-schema.ts';
import type { PluginActivity } from '../../plugins/plugins.ts';
import { defaultSources, sourceNames } from '../../sources/venues.ts';
import { argumentProblems } from '../custom/custom-tasks.ts';

/** The names that an input may contain on this worker: the same for a run that starts and for one that is only planned. */
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
  /** Whether the run is only planned here: references to variables pass, as the worker's environment is not known. @default false */
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
