import type { Market } from '../../backtest/engine/market.ts';
import { DEFAULT_BACKTEST } from '../../contracts/run/backtest-settings.ts';
import type { TradedSeries } from './backtest-series.ts';

/** How a backtest traded, and where that differs from the defaults of a run's backtest stage. */
export interface Terms {
  readonly cash: number;
  readonly sizing: { readonly fraction: number } | { readonly units: number };
  readonly side: 'long' | 'both';
  /** Fraction by which entries are worse than the open. */
  readonly spread: number;
  /** Amount by which every fill is worse than the open, in units of the price. */
  readonly halfSpread: number;
  readonly slippageTicks: number;
  /** null = no cap. */
  readonly maxVolumeShare: number | null;
  readonly wholeUnits: boolean;
  readonly fees: Market['fees'];
  readonly tick: number | null;
  /** One sentence per difference. */
  readonly differs: readonly string[];
}

/** The terms on which a series is traded. */
export function termsOf({ data, options, isRecordedSpread }: TradedSeries): Terms {
  const { fees, tickSize } = data.market;
  const { cash, side, spread, halfSpread, slippageTicks, maxVolumeShare, wholeUnits } = options;
  const sizing =
    options.sizing.kind === 'fixed'
      ? { units: options.sizing.units }
      : { fraction: options.sizing.kind === 'fraction' ? options.sizing.fraction : 1 };
  const defaults = DEFAULT_BACKTEST;
  const differs: string[] = [];
  const compare = (name: string, value: unknown, usual: unknown): void => {
    const [here, there] = [value, usual].map((one) => (one === null ? 'none' : JSON.stringify(one)));
    if (here !== there) differs.push(`${name}: ${here}, default ${there}`);
  };
  compare('cash', cash, defaults.cash);
  compare('sizing', sizing, defaults.sizing);
  compare('side', side, defaults.side);
  compare('spread', spread, 0);
  if (!isRecordedSpread) differs.push(`halfSpread: ${halfSpread}, default half the recorded spread, which was not used`);
  compare('slippageTicks', slippageTicks, defaults.slippageTicks);
  compare('maxVolumeShare', maxVolumeShare, defaults.maxVolumeShare);
  compare('wholeUnits', wholeUnits, false);
  return { cash, sizing, side, spread, halfSpread, slippageTicks, maxVolumeShare, wholeUnits, fees, tick: tickSize, differs };
}
