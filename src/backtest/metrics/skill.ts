import type { CandleSeries } from '../engine/candle-series.ts';
import { barsByClose, type Market } from '../engine/market.ts';
import type { Simulation, Trade } from '../engine/trading/trade.ts';
import { brier } from './brier.ts';
import { type Measured, undefinedBecause } from './measured.ts';

/** How well the market's own price foretold its outcome, and what the strategy held. */
export interface Skill {
  /** Brier score of the closes: the market as a forecaster. */
  readonly marketBrier: Measured;
  /** Brier score of the belief that what is held at each close implies ({@link impliedBeliefs}). */
  readonly beliefBrier: Measured;
  /** 1 − beliefBrier/marketBrier: above 0 the strategy knew better than the price, at 0 no better, below 0 worse. */
  readonly skill: Measured;
}

/** Ends at whose bar's close the position is still held: it is paid, or only marked, after it. */
const HELD_TO_THE_CLOSE: ReadonlySet<Trade['end']> = new Set(['settlement', 'mark']);

/**
 * What somebody believes who holds what the strategy holds, at each close: the probability of the first outcome at which the Kelly
 * criterion asks for just that share of the equity. At a price q of what is held the share is f = (b − q)/(1 − q), so that
 * b = q + f·(1 − q): nothing held is the market's own price, everything is certainty.
 */
export function impliedBeliefs(
  { close, length }: CandleSeries,
  { trades, equity, lastMark }: Pick<Simulation, 'trades' | 'equity' | 'lastMark'>,
): Float64Array {
  const held = new Float64Array(length);
  for (const { side, size, entryBar, exitBar, end } of trades) {
    const to = HELD_TO_THE_CLOSE.has(end) ? exitBar : exitBar - 1;
    for (let bar = entryBar; bar <= to; bar++) held[bar] += side === 'long' ? size : -size;
  }
  return close.map((price, bar) => {
    const units = held[bar];
    if (units === 0) return price;
    const worth = bar === length - 1 ? lastMark : equity[bar];
    const unit = units > 0 ? price : 1 - price;
    const share = worth > 0 ? Math.min(1, (Math.abs(units) * unit) / worth) : 0;
    return units > 0 ? price + share * (1 - price) : price - share * price;
  });
}

/** Scores the market and the strategy as forecasters of a market's outcome, on the bars that began by its close. */
export function skillOf(candles: CandleSeries, market: Market, simulation: Simulation): Skill {
  const { kind, resolution } = market;
  const none = (because: string): Skill => {
    const reason = undefinedBecause(because);
    return { marketBrier: reason, beliefBrier: reason, skill: reason };
  };
  if (kind === 'asset') return none('an asset has no outcome to forecast');
  if (resolution.kind !== 'settled') return none('the market has not resolved');
  if (resolution.payout !== 0 && resolution.payout !== 1) return none('the market paid neither 0 nor 1');
  const before = barsByClose(candles.openTime, market);
  if (before === 0) return none('every bar began after the market had closed');
  const outcomes = new Float64Array(before).fill(resolution.payout);
  const marketBrier = brier(candles.close.subarray(0, before), outcomes);
  const beliefBrier = brier(impliedBeliefs(candles, simulation).subarray(0, before), outcomes);
  const skill = marketBrier === 0 ? undefinedBecause('the price was never wrong') : 1 - beliefBrier / marketBrier;
  return { marketBrier, beliefBrier, skill };
}
