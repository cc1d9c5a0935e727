import type { CandleSeries } from '../engine/candle-series.ts';
import { barsByClose, type Market } from '../engine/market.ts';
import type { Simulation, Trade } from '../engine/trading/trade.ts';
import { type Measured, undefinedBecause } from './measured.ts';

/** Brier score (Brier 1950): mean((p − y)²) of forecasts p against outcomes y in {0, 1}; 0 is perfect, always 0.5 scores 0.25. */
export function brier(forecasts: Float64Array, outcomes: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < forecasts.length; i++) sum += (forecasts[i] - outcomes[i]) ** 2;
  return sum / forecasts.length;
}

/** Distance from 0 and 1 that forecasts are clipped to, so that no wrong certain forecast makes the mean infinite (as in scikit-learn). */
const CERTAINTY = Number.EPSILON;

/** Logarithmic loss: −mean(y·ln p + (1 − y)·ln(1 − p)), natural logarithm, outcomes y in {0, 1}. */
export function logLoss(forecasts: Float64Array, outcomes: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < forecasts.length; i++) {
    const p = Math.min(Math.max(forecasts[i], CERTAINTY), 1 - CERTAINTY);
    sum -= outcomes[i] * Math.log(p) + (1 - outcomes[i]) * Math.log(1 - p);
  }
  return sum / forecasts.length;
}

export interface Skill {
  readonly marketBrier: Measured;
  /** Brier score of the beliefs that the holdings at each close imply ({@link impliedBeliefs}). */
  readonly beliefBrier: Measured;
  /** 1 − beliefBrier/marketBrier: above 0 the strategy forecast better than the price, below 0 worse. */
  readonly skill: Measured;
}

/** Ways in which a trade ends only after the close of its exit bar, so that the position is still held at that close. */
const HELD_TO_THE_CLOSE: ReadonlySet<Trade['end']> = new Set(['settlement', 'mark']);

/** The beliefs b that holdings imply at each close: the Kelly share of the equity at price q is f = (b − q)/(1 − q), so b = q + f·(1 − q). */
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

/** Scores the market's price and the strategy as forecasters of the market's outcome, on the bars before the market's close. */
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
