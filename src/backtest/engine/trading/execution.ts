import type { Market } from '../market.ts';
import type { BacktestOptions } from '../options.ts';

/** Without a venue's tick size prices are not rounded, but a probability still cannot be bought at 0 or 1. */
const SMALLEST_TICK = 0.0001;
/** What binary fractions may add to a decimal. */
const ROUNDING = 1e-12;

/** At which price of the first outcome an order fills. */
export interface Execution {
  /**
   * A buy of the first outcome (`up` = 1) or a sale of it (`up` = −1) at the bar's open; a fill that opens a position pays the
   * spread. NaN where nobody can trade: beyond [tick, 1 − tick] of a probability.
   */
  fillPrice(open: number, up: 1 | -1, entry: boolean): number;
  /** Where an order at `limit` stands on the grid: never worse for the trader. NaN beyond [tick, 1 − tick] of a probability. */
  limitPrice(limit: number, up: 1 | -1): number;
  /** What the best price of a bar is for the trader: `extreme` (its low for a buy) worse by the spreads, not rounded. */
  bestPrice(extreme: number, up: 1 | -1, entry: boolean): number;
  /** The price of what is held: a probability market's short holds the other outcome. */
  heldPrice(price: number, side: 1 | -1): number;
}

/**
 * Fills at the open, worse by the spread (entries only), by the half-spread and by slippage; then onto the tick grid against
 * the trader. A probability that would then lie beyond [tick, 1 − tick] does not fill: there is no such order, and moving the
 * price back inside would hand the trader what the rounding took.
 */
export function executionOf(market: Market, options: BacktestOptions): Execution {
  const { spread, halfSpread, slippageTicks } = options;
  const tick = market.tickSize;
  const probability = market.kind === 'probability';
  const least = (tick ?? SMALLEST_TICK) - ROUNDING;
  const tradable = (price: number): number => (probability && (price < least || price > 1 - least) ? Number.NaN : price);
  return {
    fillPrice(open, up, entry) {
      let price = (entry ? open * (1 + up * spread) : open) + up * halfSpread;
      if (tick !== null) price = onGrid(price + up * slippageTicks * tick, tick, up);
      return tradable(price);
    },
    limitPrice: (limit, up) => tradable(tick === null ? limit : onGrid(limit, tick, up > 0 ? -1 : 1)),
    bestPrice: (extreme, up, entry) => (entry ? extreme * (1 + up * spread) : extreme) + up * halfSpread,
    heldPrice: (price, side) => (probability && side < 0 ? decimal(1 - price) : price),
  };
}

/** The nearest step that is not better for the trader: up for buys, down for sales. */
function onGrid(price: number, tick: number, up: 1 | -1): number {
  const steps = price / tick;
  return decimal((up > 0 ? Math.ceil(steps - 1e-9) : Math.floor(steps + 1e-9)) * tick);
}

/** Takes off what binary fractions add to a decimal: 1 − 0.9 is 0.1. */
const decimal = (value: number): number => Math.round(value * 1e12) / 1e12;
