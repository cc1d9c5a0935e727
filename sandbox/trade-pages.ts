import type { Faults, Strike } from './faults.ts';
import { isClosed, type Market } from './market.ts';
import { chance, Random } from './random.ts';
import { firstAfter, type Tapes } from './trade-tape.ts';
import type { Trade } from './trades.ts';

/** Position of a walk through one market's trades: the trades before it are still to come. */
export interface Place {
  readonly time: number;
  readonly place: number;
}

/** A page of rows, newest first, and the positions where the next page starts; null when no older trades are left. */
export interface TradePage {
  readonly rows: readonly string[];
  readonly next: readonly Place[] | null;
}

/** Writes the rows of a venue: a trade, and the bad row that may follow it. */
export interface RowWriter {
  write(market: Market, trade: Trade): string;
  writeBad(market: Market, trade: Trade): string;
  /** Writes the same fill with other content under the same id, at a venue with ids. */
  writeContradiction?(market: Market, trade: Trade): string;
  /** Writes the maker's row of the same fill. */
  writeMaker?(market: Market, trade: Trade): string;
}

export interface PageRequest {
  readonly markets: readonly Market[];
  /** One position per market; absent for the newest page. */
  readonly after?: readonly Place[] | undefined;
  /** Unix seconds of the oldest trade to show. @default all */
  readonly since?: number;
  readonly limit: number;
  readonly now: number;
  readonly strike: Strike;
  readonly writer: RowWriter;
  readonly withMakers?: boolean;
}

const NEWEST: Place = { time: Infinity, place: Infinity };
const LATE_AMONG_NEWEST = 40;
const REPEATED_ROWS = 5;

/** Whether a bad row follows a trade. It depends only on the trade, so every answer has the same bad rows. */
export const hasBadRow = (faults: Faults, trade: Trade): boolean =>
  faults.badRows !== undefined && !trade.copy && chance(trade.transaction, trade.time, trade.place, 'bad') < faults.badRows;

/** Trades that the venue does not show in a market's first walk. */
class Withheld {
  readonly #trades = new Map<Market, Set<string>>();
  readonly #walks = new Map<Market, number>();

  /** Registers the start of a walk; the first walk of a market decides which trades are late. */
  start(market: Market, newest: readonly Trade[], probability: number): void {
    this.#walks.set(market, (this.#walks.get(market) ?? 0) + 1);
    if (this.#trades.has(market)) return;
    const late = newest.filter((trade) => chance(trade.transaction, trade.time, 'late') < probability);
    this.#trades.set(market, new Set(late.map((trade) => `${trade.time}.${trade.place}`)));
  }

  has(market: Market, trade: Trade): boolean {
    return (this.#walks.get(market) ?? 0) < 2 && (this.#trades.get(market)?.has(`${trade.time}.${trade.place}`) ?? false);
  }
}

/** Serves the trades of markets page by page, newest first, with the configured faults of rows. */
export class TradePages {
  readonly #tapes: Tapes;
  readonly #faults: () => Faults;
  #withheld = new Withheld();

  constructor(tapes: Tapes, faults: () => Faults) {
    this.#tapes = tapes;
    this.#faults = faults;
  }

  /** Draws the late rows again, after a change of faults. */
  reset(): void {
    this.#withheld = new Withheld();
  }

  page(request: PageRequest): TradePage {
    const { markets, now, strike, limit } = request;
    const faults = this.#faults();
    const walks = markets.map((market, index) => {
      const { trades, length } = this.#tapes.of(market).upTo(now);
      const after = request.after?.[index] ?? NEWEST;
      let upper = after === NEWEST ? length : Math.min(length, firstAfter(trades, { time: after.time, place: after.place - 1 }));
      // a closed market is not read again, so none of its rows are late
      if (request.after === undefined && faults.late && !isClosed(market, now)) {
        this.#withheld.start(market, trades.slice(Math.max(0, length - LATE_AMONG_NEWEST), length), faults.late);
      }
      const resume = upper;
      const back = strike.repeatPage ? limit : strike.repeatRows ? REPEATED_ROWS : 0;
      if (request.after !== undefined) upper = wholeCopies(trades, Math.min(length, upper + back), length);
      const floor = request.since === undefined ? 0 : firstAfter(trades, { time: request.since, place: -1 });
      return { market, trades, upper, resume, floor };
    });
    const groups: Group[] = [];
    let rows = 0;
    while (rows < limit) {
      const walk = newestOf(walks);
      if (walk === undefined) break;
      const lower = faults.splitCopies ? walk.upper - 1 : startOfCopies(walk.trades, walk.upper - 1);
      const group: string[] = [];
      for (let i = walk.upper - 1; i >= lower; i--) this.#write(request, faults, walk.market, walk.trades[i], group);
      if (rows > 0 && rows + group.length > limit) break;
      if (group.length > 0) groups.push({ time: walk.trades[lower].time, rows: group });
      rows += group.length;
      walk.upper = lower;
    }
    // the cursor of a repeated page continues from the requested position
    const ends = walks.map((walk) => (strike.repeatPage && request.after !== undefined ? walk.resume : Math.min(walk.upper, walk.resume)));
    const next = ends.some((end, i) => end > walks[i].floor) ? walks.map((walk, i) => placeBelow(walk.trades, ends[i])) : null;
    const ordered = strike.shuffle ? shuffleSeconds(groups) : groups;
    return { rows: ordered.flatMap((group) => group.rows), next };
  }

  #write(request: PageRequest, faults: Faults, market: Market, trade: Trade, group: string[]): void {
    if (this.#withheld.has(market, trade)) return;
    group.push(request.writer.write(market, trade));
    if (request.withMakers && request.writer.writeMaker) group.push(request.writer.writeMaker(market, trade));
    const { contradicted } = faults;
    if (contradicted !== undefined && !trade.copy && chance(trade.transaction, trade.time, 'contradicted') < contradicted)
      group.push(...(request.writer.writeContradiction === undefined ? [] : [request.writer.writeContradiction(market, trade)]));
    if (hasBadRow(faults, trade)) group.push(request.writer.writeBad(market, trade));
  }
}

/** Rows of one second that stay together on a page. */
interface Group {
  readonly time: number;
  readonly rows: readonly string[];
}

/** Shuffles the seconds of a page. Rows within a second keep their order, which nothing else would record. */
function shuffleSeconds(groups: readonly Group[]): Group[] {
  const seconds = new Map<number, Group[]>();
  for (const group of groups) seconds.set(group.time, [...(seconds.get(group.time) ?? []), group]);
  const random = new Random(groups[0]?.time ?? 0);
  return [...seconds.values()]
    .map((second) => ({ second, at: random.next() }))
    .sort((a, b) => a.at - b.at)
    .flatMap(({ second }) => second);
}

interface Walk {
  readonly market: Market;
  readonly trades: readonly Trade[];
  /** Index of the oldest trade to show. */
  readonly floor: number;
  upper: number;
}

/** The walk whose next trade is the newest; the first one wins ties. */
function newestOf<W extends Walk>(walks: readonly W[]): W | undefined {
  let newest: W | undefined;
  for (const walk of walks) {
    if (walk.upper > walk.floor && (newest === undefined || walk.trades[walk.upper - 1].time > newest.trades[newest.upper - 1].time))
      newest = walk;
  }
  return newest;
}

/** Index of the first of the exact copies whose last one is at `index`. */
function startOfCopies(trades: readonly Trade[], index: number): number {
  let start = index;
  while (start > 0 && trades[start].copy) start--;
  return start;
}

/** Moves an exclusive end up so that it does not fall between copies. */
function wholeCopies(trades: readonly Trade[], end: number, length: number): number {
  let whole = end;
  while (whole < length && trades[whole].copy) whole++;
  return whole;
}

/** The position for an exclusive end, which stays valid when trades are inserted later. */
function placeBelow(trades: readonly Trade[], end: number): Place {
  const trade = trades[end];
  if (trade !== undefined) return trade;
  const last = trades[end - 1];
  return last === undefined ? { time: 0, place: 0 } : { time: last.time, place: last.place + 1 };
}
