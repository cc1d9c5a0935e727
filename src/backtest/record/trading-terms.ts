import type { BacktestOptions } from '../engine/options.ts';
import type { StoredPassport } from './passport-column.ts';

/** How a stored backtest traded and on what, in words; null where its passport does not say. */
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
    halfSpread === 0 ? 'no spread known or asked for' : `half-spread ${halfSpread} on every fill`,
    ...(spread > 0 ? [`spread ${spread} on entries`] : []),
    ...(slippageTicks > 0 ? [`slippage of ${slippageTicks} ticks`] : []),
    maxVolumeShare === null ? 'no volume cap' : `at most ${maxVolumeShare * 100} % of a bar’s volume`,
    `${bars} bars from ${day(from)} to ${day(to)}`,
    ...(leftOut > 0 ? [`${leftOut} older bars left out: more than so many trials have room for`] : []),
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
    // written by hand or by something else: then nothing is known of it
    return undefined;
  }
}
