import type { Order } from '../strategy.ts';

/** Decisions as numbers, one per bar. */
export const HOLD = 0;
export const LONG = 1;
export const SHORT = 2;
export const FLAT = 3;
/** A decision that is an order; the log's `orders` hold the order by its bar. */
export const ORDER = 4;

/** A strategy's decisions at the close of each bar, oldest first. */
export interface DecisionLog {
  /** One code per bar: {@link HOLD}, {@link LONG}, {@link SHORT}, {@link FLAT} or {@link ORDER}. */
  readonly codes: Uint8Array;
  /** The orders of the bars whose code is {@link ORDER}, by bar. */
  readonly orders: ReadonlyMap<number, Order>;
}

/** The empty map of orders, shared by all logs without orders. */
const NO_ORDERS: ReadonlyMap<number, Order> = new Map();

/** A decision log without orders. */
export const wordsOnly = (codes: Uint8Array): DecisionLog => ({ codes, orders: NO_ORDERS });
