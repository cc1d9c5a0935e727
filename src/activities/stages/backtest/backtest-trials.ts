import type { Market } from '../../../backtest/engine/market.ts';
import { type BacktestOptions, DEFAULT_OPTIONS } from '../../../backtest/engine/options.ts';
import { canonicalJson, codeGap, codeOf, hashText } from '../../../backtest/proof/passport.ts';
import type { Trial } from '../../../backtest/run-backtest.ts';
import { strategyTrials } from '../../../backtest/strategies/registry.ts';
import type { Strategy } from '../../../backtest/strategy.ts';
import { badInput } from '../../../contracts/errors.ts';
import type { Instrument } from '../../../contracts/market-data.ts';
import { type BacktestSettings, DEFAULT_BACKTEST } from '../../../contracts/run/backtest-settings.ts';
import type { StageSettings } from '../../../contracts/run/run-config.ts';
import type { StandingSeries } from '../../../storage/backtests/backtest-series.ts';
import type { StandingTwin } from './twin-series.ts';

/** A strategy with one combination of parameters, and how it trades. */
interface ConfiguredTrial extends Trial {
  readonly settings: BacktestSettings;
}

/** Trials on the same history, which are judged together. */
export interface TrialGroup {
  /** Length of the history; null for everything that is stored. */
  readonly historyMs: number | null;
  readonly trials: readonly ConfiguredTrial[];
}

/** The distinct trials of a run's strategies, grouped by history, longest first. */
export function trialGroups({ strategies: configs, backtest }: StageSettings, strategies: readonly Strategy[]): readonly TrialGroup[] {
  const trials = new Map<string, ConfiguredTrial>();
  for (const { name, params, backtest: own } of configs) {
    const checked = strategyTrials(name, params, strategies);
    if ('problems' in checked) throw badInput(checked.problems.join('; '));
    const settings = own ?? backtest ?? DEFAULT_BACKTEST;
    for (const one of checked.trials) trials.set(`${name} ${JSON.stringify(one)}`, { strategy: checked.strategy, params: one, settings });
  }
  const groups = new Map<number | null, ConfiguredTrial[]>();
  for (const trial of trials.values()) {
    const group = groups.get(trial.settings.historyMs);
    if (group === undefined) groups.set(trial.settings.historyMs, [trial]);
    else group.push(trial);
  }
  const length = ({ historyMs }: TrialGroup): number => historyMs ?? Number.POSITIVE_INFINITY;
  return [...groups].map(([historyMs, group]) => ({ historyMs, trials: group })).sort((a, b) => length(b) - length(a) || 0);
}

/** The terms on which a trial trades an instrument, from the run's settings; without slippage if the instrument's tick size is unknown. */
export function optionsOn(settings: BacktestSettings, { tickSize }: Pick<Instrument, 'tickSize'>): BacktestOptions {
  const { sizing } = settings;
  return {
    ...DEFAULT_OPTIONS,
    cash: settings.cash,
    sizing:
      'units' in sizing
        ? { kind: 'fixed', units: sizing.units }
        : sizing.fraction === 1
          ? { kind: 'all' }
          : { kind: 'fraction', fraction: sizing.fraction },
    side: settings.side,
    halfSpread: settings.spread,
    slippageTicks: tickSize === null ? 0 : settings.slippageTicks,
    maxVolumeShare: settings.maxVolumeShare,
  };
}

/** Identifies everything that the results of trials on a series depend on: equal identifiers mean equal results. */
export const basisOf = ({
  twin,
  ...parts
}: {
  readonly series: StandingSeries;
  readonly market: Market;
  readonly trials: readonly Trial[];
  readonly twin: StandingTwin | null;
}): string =>
  hashText(
    canonicalJson({
      ...parts,
      ...(twin !== null && { twin }),
      trials: parts.trials.map(({ strategy, params, options }) => [strategy.name, codeOf(strategy), codeGap(strategy), params, options]),
    }),
  );
