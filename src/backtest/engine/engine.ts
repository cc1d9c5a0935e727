import type { CandleSeries } from './candle-series.ts';
import type { DecisionLog } from './decisions.ts';
import type { Market } from './market.ts';
import type { BacktestOptions } from './options.ts';
import type { Trade, Unfilled } from './result.ts';
import { Trader } from './trader.ts';

/** What trading on a strategy's decisions led to. */
export interface Simulation {
  readonly trades: readonly Trade[];
  /** One value a bar, marked at its close; the last one after settlement or the closing of what was held. */
  readonly equity: Float64Array;
  /** Bars at whose close a position was held. */
  readonly barsHeld: number;
  /** Equity at the last close, before what was held was settled or closed. */
  readonly lastMark: number;
  /** Sum of size·price over all fills; settlements are not fills. */
  readonly notional: number;
  /** Entries that the volume cap made smaller. */
  readonly cut: number;
  readonly unfilled: Readonly<Unfilled>;
}

/**
 * Trades a series on decisions made at each bar's close: fills at the next bar's open, one position at a time, no borrowing.
 *
 * - long buys the first outcome (or the asset); short sells an asset short, or buys a probability market's other outcome;
 * - a flip closes and opens at the same open; a decision on the last bar never fills;
 * - an order whose price nobody can trade at, or for which the bar has no volume left, dies and is counted;
 * - an order that would fill at or after the market's close dies: what is held then stays locked until settlement;
 * - an asset's last position is closed at the last close, paying what every exit pays; a probability market's is settled or marked;
 * - equity at or below zero (shorts of assets) ends the trading: the position is closed there and nothing is left.
 *
 * What orders with a limit, a stop or a target do is {@link Trader}'s.
 *
 * @param leaves whether what is held in the end is closed in a probability market, too: the series is a part of a longer one
 */
export function simulate(
  candles: CandleSeries,
  decisions: DecisionLog,
  { market, options, barMs }: { readonly market: Market; readonly options: BacktestOptions; readonly barMs: number },
  leaves?: boolean,
): Simulation {
  return new Trader({ candles, decisions, market, options, barMs }).finish(leaves);
}
