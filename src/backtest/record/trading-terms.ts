import type { BacktestOptions } from '../engine/options.ts';
import type { StoredPassport } from './passport-column.ts';

/** Describes the options and the bars of a stored backtest in words; null if its passport does not contain them. */
export function tradingTerms({ settings, bars, from, to, leftOut, twin }: StoredPassport): string | null {
  const options = optionsIn(settings);
  if (options === undefined) return null;
  const { cash, sizing, side, spread, halfSpread, slippageTicks, maxVolumeShare } = options;
  const sizes = {
    all: 'all cash',
    fraction: sizing.kind === 'fraction' ? `${sizing.fraction * 100} % of the cash` : '',
    fixed: sizing.kind === 'fixed' ? `${sizing.units} units` : '',
  };
  const parts = [
    `cash ${cash}`,
    `${sizes[sizing.kind]} in each entry`,
    side === 'both' ? 'long and short' : 'long only',
    halfSpread === 0 ? 'no spread known or requested' : `half-spread ${halfSpread} on every fill`,
    ...(spread > 0 ? [`spread ${spread} on entries`] : []),
    ...(slippageTicks > 0 ? [`slippage of ${slippageTicks} ticks`] : []),
    maxVolumeShare === null ? 'no volume cap' : `at most ${maxVolumeShare * 100} % of a bar’s volume`,
    `${bars} bars from ${day(from)} to ${day(to)}`,
    ...(leftOut > 0 ? [`${leftOut} older bars left out: too many for this number of trials`] : []),
    ...(twin === null ? [] : [`looks at the twin ${twin}`]),
  ];
  return parts.join(', ');
}

const day = (time: number): string => new Date(time).toISOString().slice(0, 10);

function optionsIn(settings: string): BacktestOptions | undefined {
  try {
    const { options } = JSON.parse(settings) as { options?: BacktestOptions };
    return options?.sizing === undefined || options.halfSpread === undefined ? undefined : options;
  } catch {
    // not written by this engine: the terms are unknown
    return undefined;
  }
}
