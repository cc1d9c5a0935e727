import { isClosed, type Market } from './market.ts';
import { comparePlaces, lateTrade, type Trade, tradedPrice, tradesOfBlock } from './trades.ts';

/** The trades of one market up to now, oldest first. They are generated on demand and kept. */
export class Tape {
  readonly market: Market;
  readonly #late: Trade[] = [];
  #revised = 0;
  #nextBlock: number;
  #trades: Trade[] = [];
  /** Number of trades in `#volume`. */
  #summed = 0;
  #volume = 0;

  constructor(market: Market) {
    this.market = market;
    this.#nextBlock = Math.floor(market.opensAt / market.blockMs);
  }

  /** Trades with `time` ≤ now (milliseconds), oldest first. The array is shared and must not be changed. */
  upTo(now: number): { readonly trades: readonly Trade[]; readonly length: number } {
    const end = isClosed(this.market, now) ? this.market.closesAt - 1 : Math.min(now, this.market.closesAt - 1);
    for (; this.#nextBlock * this.market.blockMs <= end; this.#nextBlock++) {
      for (const trade of tradesOfBlock(this.market, this.#nextBlock)) this.#trades.push(trade);
    }
    return { trades: this.#trades, length: firstAfter(this.#trades, { time: Math.floor(end / 1000), place: Infinity }) };
  }

  /** Sum of price times size of the trades up to now, in dollars. */
  volume(now: number): number {
    const { trades, length } = this.upTo(now);
    if (length < this.#summed || this.isChanged) [this.#summed, this.#volume] = [0, 0];
    for (; this.#summed < length; this.#summed++) {
      const trade = trades[this.#summed];
      this.#volume += (tradedPrice(this.market, trade) * trade.sizeMicros) / 1e6;
    }
    return this.#volume;
  }

  /** Sum of the sizes of the trades up to now, in millionths. */
  sizes(now: number): number {
    const { trades, length } = this.upTo(now);
    return trades.slice(0, length).reduce((sum, { sizeMicros }) => sum + sizeMicros, 0);
  }

  /** Whether the tape has late or revised trades, which cannot be generated again. */
  get isChanged(): boolean {
    return this.#late.length + this.#revised > 0;
  }

  /**
   * Changes price and size of the newest trades in `[from, to]` (milliseconds), like a venue that corrects its history. The trades keep
   * their time, place and id.
   *
   * @returns the number of changed trades
   */
  revise(now: number, { from, to, count }: { readonly from: number; readonly to: number; readonly count: number }): number {
    const { trades, length } = this.upTo(now);
    const revised = [...trades];
    let left = count;
    for (let i = length - 1; i >= 0 && left > 0 && trades[i].time * 1000 >= from; i--) {
      const { time, ticks, sizeMicros, copy } = trades[i];
      // exact copies are skipped, since they would no longer be copies
      if (time * 1000 > to || copy || trades[i + 1]?.copy) continue;
      revised[i] = { ...trades[i], ticks: ticks > 1 ? ticks - 1 : ticks + 1, sizeMicros: sizeMicros + 1_000_000 };
      left--;
    }
    this.#trades = revised;
    this.#revised += count - left;
    return count - left;
  }

  /** Inserts trades among the newest ones, like a venue that indexes some blocks late; returns them. */
  addLate(now: number, count: number): readonly Trade[] {
    const added: Trade[] = [];
    for (let i = 0; i < count; i++) {
      const { trades, length } = this.upTo(now);
      const newest = trades[length - 1]?.time ?? Math.floor(now / 1000);
      const neighbour = trades[Math.max(0, length - 2 - 3 * i)];
      // a late trade is never the newest one
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

/** The tapes of all markets. Only the most recently used ones are kept, since benchmarks have more trades than fit into memory. */
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
      for (const [oldest, { isChanged }] of this.#tapes) {
        if (isChanged) continue;
        this.#tapes.delete(oldest);
        break;
      }
    }
    return tape;
  }
}
