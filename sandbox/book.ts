import type { Market } from './market.ts';
import { probabilityAt, toTicks } from './price-path.ts';
import { hash, Random } from './random.ts';

/** The order book of a market's first outcome; best levels first. */
export interface Book {
  readonly bids: readonly (readonly [price: number, size: number])[];
  readonly asks: readonly (readonly [price: number, size: number])[];
  readonly bestBid: number;
  readonly bestAsk: number;
  readonly mid: number;
  readonly spread: number;
}

const LEVELS = 8;

/** The order book of a market at a time, around the fair price of that minute. */
export function bookOf(market: Market, now: number): Book {
  const minute = Math.floor(now / 60_000);
  const random = new Random(hash(market.seed, 'book', minute));
  const whole = 10 ** market.decimals;
  const centre = toTicks(market, probabilityAt(market, minute * 60_000));
  const bid = Math.max(1, centre - 1 - random.integer(2));
  const ask = Math.min(whole - 1, centre + 1 + random.integer(2));
  const size = (): number => Math.round(Math.exp(4 + random.normal()) * 100) / 100;
  const levels = (from: number, step: number): (readonly [number, number])[] =>
    Array.from({ length: LEVELS }, (_, i) => from + step * i)
      .filter((ticks) => ticks > 0 && ticks < whole)
      .map((ticks) => [ticks / whole, size()] as const);
  return {
    bids: levels(bid, -1),
    asks: levels(ask, 1),
    bestBid: bid / whole,
    bestAsk: ask / whole,
    mid: (bid + ask) / (2 * whole),
    spread: (ask - bid) / whole,
  };
}

/** The order book of the second outcome: prices are 1 − p, bids and asks are swapped. */
export function complementOf(book: Book, decimals: number): Book {
  const other = (price: number): number => Number((1 - price).toFixed(decimals + 1));
  const flip = (levels: Book['bids']): Book['bids'] => levels.map(([price, size]) => [other(price), size] as const);
  return {
    bids: flip(book.asks),
    asks: flip(book.bids),
    bestBid: other(book.bestAsk),
    bestAsk: other(book.bestBid),
    mid: other(book.mid),
    spread: book.spread,
  };
}
