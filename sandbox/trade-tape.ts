import { isClosed, type Market } from './market.ts';
import { comparePlaces, lateTrade, type Trade, tradesOfBlock } from './trades.ts';

/** The trades of one market up to now, oldest first; made as they are asked for and kept. */
export class Tape {
  readonly market: Market;
  readonly #late: Trade[] = [];
  #nextBlock: number;
  #trades: Trade[] = [];

  constructor(market: Market) {
    this.market = market;
    this.#nextBlock = Math.floor(market.opensAt / market.blockMs);
  }

  /** Trades with `time` ≤ now (milliseconds), oldest first. Shared: do not change. */
  upTo(now: number): { readonly trades: readonly Trade[]; readonly length: number } {
    const end = isClosed(this.market, now) ? this.market.closesAt - 1 : Math.min(now, this.market.closesAt - 1);
    for (; this.#nextBlock * this.market.blockMs <= end; this.#nextBlock++) {
      for (const trade of tradesOfBlock(this.market, this.#nextBlock)) this.#trades.push(trade);
    }
    return { trades: this.#trades, length: firstAfter(this.#trades, { time: Math.floor(end / 1000), place: Infinity }) };
  }

  /** Late trades are known to this tape only, so it cannot be made again. */
  get hasLate(): boolean {
    return this.#late.length > 0;
  }

  /** Adds trades among the newest ones, as a venue does that indexes some blocks late; returns them. */
  addLate(now: number, count: number): readonly Trade[] {
    const added: Trade[] = [];
    for (let i = 0; i < count; i++) {
      const { trades, length } = this.upTo(now);
      const newest = trades[length - 1]?.time ?? Math.floor(now / 1000);
      const neighbour = trades[Math.max(0, length - 2 - 3 * i)];
      // what comes late is never the newest
      const time = Math.min(neighbour?.time ?? newest, newest - 1);
      const at = firstAfter(trades, { time, place: Infinity });
      const place = (trades[at - 1]?.time === time ? trades[at - 1].place : -1) + 1;
      const trade = lateTrade(this.market, time, place, this.#late.length);
      this.#late.push(trade);
      this.#trades = [...trades.slice(0, at), trade, ...trades.slice(at)];
      added.push(trade);
    }
    return added;
  }
}

/** Index of the first trade after a place, in trades sorted oldest first. */
export function firstAfter(trades: readonly Trade[], place: { time: number; place: number }): number {
  let low = 0;
  let high = trades.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (comparePlaces(trades[middle], place) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The tapes of all markets; keeps the most recently used ones, for a bench has more trades than memory. */
export class Tapes {
  readonly #tapes = new Map<Market, Tape>();
  readonly #keep: number;

  constructor(keep: number) {
    this.#keep = keep;
  }

  of(market: Market): Tape {
    let tape = this.#tapes.get(market);
    if (tape === undefined) tape = new Tape(market);
    else this.#tapes.delete(market);
    this.#tapes.set(market, tape);
    if (this.#tapes.size > this.#keep) {
      for (const [oldest, { hasLate }] of this.#tapes) {
        if (hasLate) continue;
        this.#tapes.delete(oldest);
        break;
      }
    }
    return tape;
  }
}
