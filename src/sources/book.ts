import type { Instrument } from '../contracts/market-data.ts';
import { readNumber, readTime } from './catalogue/scalars.ts';
import { isObject } from './catalogue/schema-drift.ts';

/** The levels of an order book of the first outcome, each `[price, size]` or `{ price, size }`, in any order. */
export interface BookLevels {
  readonly bids: readonly unknown[];
  readonly asks: readonly unknown[];
  /** Time of the book; the time of the run where it is absent or unreadable. */
  readonly at?: unknown;
}

/** Age from which an order book is read again, so that a run right after another one does not read it twice. */
const FRESH_MS = 300_000;

/** Whether to request an order book: the market is open, and its stored book is too old for this run. */
export const wantsBook = ({ closed, book }: Instrument, asOf: number): boolean =>
  !closed && (book === null || Math.abs(asOf - book.at) > FRESH_MS);

/** The best bid and ask of a book. The order of the levels varies between venues, so all of them are compared. */
export function bestOf({ bids, asks, at }: BookLevels, asOf: number): NonNullable<Instrument['book']> {
  const [prices, others] = [pricesOf(bids), pricesOf(asks)];
  return {
    bid: prices.length === 0 ? null : Math.max(...prices),
    ask: others.length === 0 ? null : Math.min(...others),
    at: readTime(at).value ?? asOf,
  };
}

const pricesOf = (levels: readonly unknown[]): number[] =>
  levels.flatMap((level) => readNumber(Array.isArray(level) ? (level as unknown[])[0] : isObject(level) ? level.price : null).value ?? []);
