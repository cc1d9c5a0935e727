import { type BacktestSettings, DEFAULT_BACKTEST } from '../../contracts/run/backtest-settings.ts';
import type { RunConfig } from '../../contracts/run/run-config.ts';
import { DAY_MS } from '../../contracts/words.ts';

/** How the run's strategies would trade: a line for the run and one for each strategy that differs. */
export function backtestLines({ backtest = DEFAULT_BACKTEST, strategies }: Pick<RunConfig, 'backtest' | 'strategies'>): string[] {
  const own = strategies.flatMap(({ name, backtest: differs }) => (differs === undefined ? [] : [`${name}: ${settingsText(differs)}`]));
  return [`backtest: ${settingsText(backtest)}`, ...own];
}

function settingsText({ cash, sizing, side, spread, slippageTicks, maxVolumeShare, historyMs, walkForward }: BacktestSettings): string {
  return [
    `cash ${cash}`,
    'units' in sizing ? `${sizing.units} units an entry` : `${sizing.fraction * 100}% of the cash an entry`,
    side === 'both' ? 'long and short' : 'long only',
    spread === 'recorded' ? 'half the recorded spread' : `half-spread ${spread}`,
    ...(slippageTicks > 0 ? [`slippage ${slippageTicks} ticks`] : []),
    maxVolumeShare === null ? 'no volume cap' : `at most ${maxVolumeShare * 100}% of a bar's volume`,
    historyMs === null ? 'all stored history' : `the last ${historyMs / DAY_MS} days`,
    ...(walkForward === undefined
      ? []
      : [`walk-forward: ${walkForward.trainMs / DAY_MS} days to train, ${walkForward.testMs / DAY_MS} days to test`]),
  ].join(', ');
}
