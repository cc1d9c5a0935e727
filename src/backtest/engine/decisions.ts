import { PredictLabError } from '../../contracts/errors.ts';
import type { Params } from '../strategies/registry.ts';
import type { Signal, Strategy } from '../strategy.ts';
import { type IndicatorCache, openWindow } from './bars-so-far.ts';
import type { CandleSeries } from './candle-series.ts';
import type { Market } from './market.ts';

/** Signals as numbers, one a bar. */
export const HOLD = 0;
export const LONG = 1;
export const SHORT = 2;
export const FLAT = 3;

const CODES: Readonly<Record<Signal, number>> = { hold: HOLD, long: LONG, short: SHORT, flat: FLAT };

export interface DecisionInput {
  readonly strategy: Strategy;
  readonly params: Params;
  readonly candles: CandleSeries;
  readonly market: Market;
  readonly cache?: IndicatorCache;
  /** Decide on the first so many bars only. @default all */
  readonly bars?: number;
}

/**
 * What a strategy decides at the close of each bar, oldest first: {@link HOLD}, {@link LONG}, {@link SHORT} or {@link FLAT}.
 * Depends on the market alone, so it can be repeated on other futures.
 *
 * @throws PredictLabError BadInput when the strategy answers something else
 */
export function decisionsOf({ strategy, params, candles, market, cache, bars: count = candles.length }: DecisionInput): Uint8Array {
  const { bars, advance } = openWindow(candles, market, cache);
  const decide = strategy.create(params, bars);
  const decisions = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    advance();
    const signal = decide();
    if (signal === 'hold') continue;
    const code = CODES[signal];
    if (code === undefined) {
      throw new PredictLabError(
        'BadInput',
        `strategy '${strategy.name}' answered '${signal as string}' at bar ${i}; it must answer hold, long, short or flat`,
      );
    }
    decisions[i] = code;
  }
  return decisions;
}
