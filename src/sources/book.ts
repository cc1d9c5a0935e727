import type { Instrument, OrderBook } from '../contracts/market-data.ts';
import { mirrorPrice } from '../market/mirror-price.ts';
import { readNumber, readTime } from './catalogue/scalars.ts';
import { isObject, listInAnswer, objectAt } from './catalogue/schema-drift.ts';

/** The levels of an order book of the first outcome, each `[price, size]` or `{ price, size }`, in any order. */
export interface BookLevels {
  readonly bids: readonly unknown[];
  readonly asks: readonly unknown[];
  /** Bids for the second outcome, for venues that list those in place of asks. @default none */
  readonly secondBids?: readonly unknown[];
  /** Time of the book's last change; the time of the run where it is absent or unreadable. */
  readonly at?: unknown;
}

/** Age from which an order book is read again, so that a run right after another one does not read it twice. */
const FRESH_MS = 300_000;

/** Whether to request an order book: the market is open, and its stored book is too old for this run. */
export const wantsBook = ({ closed, book }: Instrument, asOf: number): boolean =>
  !closed && (book === null || Math.abs(asOf - book.at) > FRESH_MS);

/**
 * The best prices of a book and the units offered at them. The order of the levels varies between venues, so all of them are compared. A book
 * that last changed before the run's time still stood then, so a quiet book counts as seen at that time.
 */
export function bestOf({ bids, asks, secondBids = [], at }: BookLevels, asOf: number): OrderBook {
  const bid = bestLevel(levelsOf(bids), -1);
  const mirrored = levelsOf(secondBids).map(({ price, size }) => ({ price: mirrorPrice(price), size }));
  const ask = bestLevel([...levelsOf(asks), ...mirrored], 1);
  return {
    bid: bid?.price ?? null,
    ask: ask?.price ?? null,
    bidSize: bid?.size ?? null,
    askSize: ask?.size ?? null,
    at: Math.max(readTime(at).value ?? asOf, asOf),
  };
}

interface Level {
  readonly price: number;
  readonly size: number | null;
}

/** The levels whose price is a probability. */
const levelsOf = (levels: readonly unknown[]): readonly Level[] =>
  levels.flatMap((level) => {
    const [given, size] = Array.isArray(level) ? (level as unknown[]) : isObject(level) ? [level.price, level.size] : [];
    const price = readNumber(given).value;
    return price === null || price < 0 || price > 1 ? [] : [{ price, size: readNumber(size).value }];
  });

/** @param sign 1 = the lowest price is best */
const bestLevel = (levels: readonly Level[], sign: 1 | -1): Level | undefined => levels.toSorted((a, b) => sign * (a.price - b.price))[0];

/** Reads the levels of a book that has only bids, for both outcomes. @param names of the book, and of its sides */
export function bidsOfBoth(
  json: unknown,
  at: { readonly venue: string; readonly where: string },
  [name, first, second]: readonly [string, string, string],
): BookLevels {
  const book = objectAt(objectAt(json, at)[name], at);
  // a side without orders may be null or absent
  const side = (of: string): readonly unknown[] => (book[of] === null || book[of] === undefined ? [] : listInAnswer(book, of, at));
  return { bids: side(first), asks: [], secondBids: side(second) };
}
