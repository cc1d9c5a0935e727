import type { Instrument, OrderBook } from '../contracts/market-data.ts';
import { mirrorPrice } from '../market/mirror-price.ts';
import { readNumber, readTime } from './catalogue/scalars.ts';
import { isObject, listInAnswer, objectAt } from './catalogue/schema-drift.ts';

/** The levels of an order book, each `[price, size]` or `{ price, size }`, in any order. Prices are those of the first outcome. */
export interface BookLevels {
  readonly bids: readonly unknown[];
  readonly asks: readonly unknown[];
  /** Bids for the second outcome, which some venues list in place of asks for the first. @default none */
  readonly secondBids?: readonly unknown[];
  /** Time of the book's last change; the time of the run where it is absent or unreadable. */
  readonly at?: unknown;
}

/** Age from which a stored order book is read again, so that two runs shortly after each other read it once. */
const FRESH_MS = 300_000;

/** Whether to request an order book: the market is open, and its stored book is too old for this run. */
export const wantsBook = ({ closed, book }: Instrument, asOf: number): boolean =>
  !closed && (book === null || Math.abs(asOf - book.at) > FRESH_MS);

/**
 * The best prices of a book and the units offered at them. The order of the levels varies between venues, so all of them are compared.
 * The book of a quiet market was still valid at the run's time, so `at` is at least that time, even if the last change is older.
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

/** The best of some levels. @param sign 1 where the lowest price is best, -1 where the highest is */
const bestLevel = (levels: readonly Level[], sign: 1 | -1): Level | undefined => levels.toSorted((a, b) => sign * (a.price - b.price))[0];

/** Reads a book that has bids for both outcomes and no asks. @param names of the book's field and of its two lists of bids */
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
