import type { Order } from '../strategy.ts';

/** Decisions as numbers, one a bar. */
export const HOLD = 0;
export const LONG = 1;
export const SHORT = 2;
export const FLAT = 3;
/** What it asks for lies beside the codes, by its bar. */
export const ORDER = 4;

/** What was decided at the close of each bar, oldest first. */
export interface DecisionLog {
  /** {@link HOLD}, {@link LONG}, {@link SHORT}, {@link FLAT}, or {@link ORDER}: then it lies among the orders. */
  readonly codes: Uint8Array;
  /** By bar. */
  readonly orders: ReadonlyMap<number, Order>;
}

/** No orders: words are most of what strategies say. */
const NO_ORDERS: ReadonlyMap<number, Order> = new Map();

/** Decisions that are all words. */
export const wordsOnly = (codes: Uint8Array): DecisionLog => ({ codes, orders: NO_ORDERS });
