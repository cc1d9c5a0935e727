import type { CandleSeries } from '../candle-series.ts';
import type { Market } from '../market.ts';
import type { BacktestOptions } from '../options.ts';
import { type HalfSpread, halfSpreads, type SpreadSource } from './half-spread.ts';

/** Bound on tradable probabilities for markets without a tick size: prices are not rounded, but 0 and 1 cannot be traded. */
const SMALLEST_TICK = 0.0001;
/** Tolerance for the rounding error of decimals in binary floating point. */
const ROUNDING = 1e-12;

export interface Execution {
  /** Fill price of a buy (`up` = 1) or sale (`up` = −1) of the first outcome; NaN for a probability outside [tick, 1 − tick]. */
  fillPrice(open: number, up: 1 | -1, entry: boolean): number;
  /** A limit price on the tick grid, never worse for the trader than `limit`; NaN for a probability outside [tick, 1 − tick]. */
  limitPrice(limit: number, up: 1 | -1): number;
  /** Best price of a bar for the trader: `extreme` (the low for a buy) worsened by the spreads, not rounded. */
  bestPrice(extreme: number, up: 1 | -1, entry: boolean): number;
  /** Starts a bar; the following prices pay its half-spread. */
  startBar(bar: number): void;
  spreadFrom(): SpreadSource;
  /** Price of the outcome held: a probability market's short holds the other outcome. */
  heldPrice(price: number, side: 1 | -1): number;
}

/**
 * Fill prices: the open, worsened by the spread (entries only), the half-spread and the slippage, rounded to the tick grid against the
 * trader. A probability outside [tick, 1 − tick] does not fill, as at the venues: moving it into the range would undo the rounding.
 */
export function executionOf(market: Market, options: BacktestOptions, candles: CandleSeries, barMs: number): Execution {
  const { spread, halfSpread, slippageTicks } = options;
  const tick = market.tickSize;
  const probability = market.kind === 'probability';
  const least = (tick ?? SMALLEST_TICK) - ROUNDING;
  const spreadAt = typeof halfSpread === 'number' ? undefined : halfSpreads(candles, market, barMs);
  let present: HalfSpread | undefined = typeof halfSpread === 'number' ? { amount: halfSpread, from: 'given' } : undefined;
  let bar = 0;
  const half = (): HalfSpread => (present ??= (spreadAt as ReturnType<typeof halfSpreads>)(bar));
  const tradable = (price: number): number => (probability && (price < least || price > 1 - least) ? Number.NaN : price);
  return {
    fillPrice(open, up, entry) {
      let price = (entry ? open * (1 + up * spread) : open) + up * half().amount;
      if (tick !== null) price = onGrid(price + up * slippageTicks * tick, tick, up);
      return tradable(price);
    },
    limitPrice: (limit, up) => tradable(tick === null ? limit : onGrid(limit, tick, up > 0 ? -1 : 1)),
    bestPrice: (extreme, up, entry) => (entry ? extreme * (1 + up * spread) : extreme) + up * half().amount,
    startBar(next) {
      bar = next;
      if (spreadAt !== undefined) present = undefined;
    },
    spreadFrom: () => half().from,
    heldPrice: (price, side) => (probability && side < 0 ? decimal(1 - price) : price),
  };
}

/** Rounds a price to the tick grid against the trader: up for buys, down for sales. */
function onGrid(price: number, tick: number, up: 1 | -1): number {
  const steps = price / tick;
  return decimal((up > 0 ? Math.ceil(steps - 1e-9) : Math.floor(steps + 1e-9)) * tick);
}

/** Removes the rounding error of binary floating point: 1 − 0.9 gives 0.1. */
const decimal = (value: number): number => Math.round(value * 1e12) / 1e12;
