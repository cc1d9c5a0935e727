import type { Order } from '../../strategy.ts';
import type { SpreadCounts } from './half-spread.ts';

/** How a trade ended. `end` = closed with the data; `ruin` = equity fell to zero or below; `mark` = still open, at the last price. */
export const TRADE_ENDS = ['signal', 'stop', 'target', 'end', 'settlement', 'ruin', 'mark'] as const;
export type TradeEnd = (typeof TRADE_ENDS)[number];

/** A position, or the part of it that was closed at one bar. All parts of a position have the same entry (see {@link positionsOf}). */
export interface Trade {
  readonly entryBar: number;
  readonly exitBar: number;
  readonly side: 'long' | 'short';
  /** Number of units; positive for shorts too. */
  readonly size: number;
  /** Price per unit. For a probability market's short it is the price of the first outcome at which the other outcome was bought. */
  readonly entryPrice: number;
  readonly exitPrice: number;
  /** Profit net of `fees`. */
  readonly pnl: number;
  readonly fees: number;
  readonly end: TradeEnd;
}

/** Numbers of orders that did not fill, or not immediately; a reason that did not occur is absent. */
export interface Unfilled {
  /** Orders whose price after rounding was outside [tick, 1 − tick]. */
  beyondTick?: number;
  /** Entries that did not fill because the volume cap left no units. */
  noVolume?: number;
  /** Exits that the volume cap delayed in part; the rest filled at later bars or was closed at the end. */
  heldBack?: number;
  /** Orders, and signals that want another position than the one held, that expired or whose market closed before they filled. */
  expired?: number;
}

export interface Simulation {
  readonly trades: readonly Trade[];
  /** Equity at each bar's close; the last value is after the last position was settled or closed. */
  readonly equity: Float64Array;
  /** Number of bars at whose close a position was held. */
  readonly barsHeld: number;
  /** Equity at the last close, before the last position was settled or closed. */
  readonly lastMark: number;
  /** Sum of size·price over all fills; settlements are not fills. */
  readonly notional: number;
  /** Number of entries whose size the volume cap reduced. */
  readonly cut: number;
  readonly unfilled: Readonly<Unfilled>;
  readonly spreads: SpreadCounts;
}

/** Codes of the decisions in a {@link DecisionLog}, one per bar. */
export const HOLD = 0;
export const LONG = 1;
export const SHORT = 2;
export const FLAT = 3;
/** Code of a decision that is an order; the order itself is in the log's `orders`. */
export const ORDER = 4;

/** A strategy's decisions at the close of each bar, oldest first. */
export interface DecisionLog {
  /** One code per bar: {@link HOLD}, {@link LONG}, {@link SHORT}, {@link FLAT} or {@link ORDER}. */
  readonly codes: Uint8Array;
  /** The orders by index of the bar, for bars whose code is {@link ORDER}. */
  readonly orders: ReadonlyMap<number, Order>;
}

const NO_ORDERS: ReadonlyMap<number, Order> = new Map();

/** A decision log without orders. */
export const wordsOnly = (codes: Uint8Array): DecisionLog => ({ codes, orders: NO_ORDERS });
