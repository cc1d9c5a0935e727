import { groupedBy } from '../../contracts/grouped-by.ts';
import type { Instrument } from '../../contracts/market-data.ts';
import { apartMs, MAX_APART_MS, type TradeCosts } from '../../market/twin-basis.ts';

export interface PricedMarket extends Pick<Instrument, 'id' | 'source' | 'book' | 'group'>, TradeCosts {}

/** What one unit of each outcome of an exclusive group costs to buy, and what it brings when sold, at one venue. */
export interface GroupPrices {
  readonly source: string;
  readonly known: number;
  /** Whether every market of the group is here, so that one of them pays. */
  readonly isWhole: boolean;
  /** Sums of the best asks and bids, before fees; null if a market has none. */
  readonly asks: number | null;
  readonly bids: number | null;
  /** Certain profit per unit, after fees, from buying all outcomes (or from selling all, `sellAll`); null if it is unknown. */
  readonly buyAll: number | null;
  readonly sellAll: number | null;
  readonly apartMs: number;
}

/** Sums the prices of each exclusive group (exactly one of its markets pays); other markets have no sum. */
export const groupPrices = (markets: readonly PricedMarket[]): readonly GroupPrices[] => {
  const exclusive = markets.filter(({ group }) => group !== undefined);
  return [...groupedBy(exclusive, ({ group }) => group?.id).values()].map((members) => {
    const [{ source, group }] = members;
    const isWhole = group?.markets === members.length;
    const apart = apartMs(members);
    const [cost, proceeds] = [sum(members.map((one) => one.cost)), sum(members.map((one) => one.proceeds))];
    const isOneMoment = apart <= MAX_APART_MS;
    return {
      source,
      known: members.length,
      isWhole,
      asks: sum(members.map(({ book }) => book?.ask ?? null)),
      bids: sum(members.map(({ book }) => book?.bid ?? null)),
      // If the group is not whole, the market that pays may be missing here; in any case at most one of these pays.
      buyAll: cost === null || !isWhole || !isOneMoment ? null : 1 - cost,
      sellAll: proceeds === null || !isOneMoment ? null : proceeds - 1,
      apartMs: apart,
    };
  });
};

/** How far the prices of two markets are apart. */
export interface PriceDifference {
  /** The first market's price minus the second's. */
  readonly value: number;
  /** `quotes` = mid prices of order books of the same moment were compared; `last prices` = only the last prices. */
  readonly of: 'quotes' | 'last prices';
}

/** Compares the mid prices of two order books that were recorded together, or else the last prices; null if a market has neither. */
export const priceDifference = (
  [a, b]: readonly [Pick<PricedMarket, 'book'>, Pick<PricedMarket, 'book'>],
  [lastA, lastB]: readonly [number | null, number | null],
): PriceDifference | null => {
  const [midA, midB] = [midOf(a.book), midOf(b.book)];
  if (midA !== null && midB !== null && Math.abs((a.book?.at ?? 0) - (b.book?.at ?? 0)) <= MAX_APART_MS)
    return { value: midA - midB, of: 'quotes' };
  return lastA === null || lastB === null ? null : { value: lastA - lastB, of: 'last prices' };
};

const midOf = (book: PricedMarket['book']): number | null =>
  book === null || book.bid === null || book.ask === null ? null : (book.bid + book.ask) / 2;

/**
 * The title of an event, made of the words that the titles of its markets share: `Will … win the election?`. If there is only one market,
 * its own title; if they share fewer than two words, the event's id.
 */
export const eventTitle = (event: string, titles: readonly (string | null)[]): string => {
  const known = titles.flatMap((title) => (title === null || title === '' ? [] : [title.split(/\s+/)]));
  const [first, ...others] = known;
  if (first === undefined) return event;
  const shared = (from: (words: readonly string[], i: number) => string | undefined): number => {
    const at = first.findIndex((_, i) => others.some((words) => from(words, i) !== from(first, i)));
    return at === -1 ? first.length : at;
  };
  const start = shared((words, i) => words[i]);
  if (start === first.length) return first.join(' ');
  const end = Math.min(
    shared((words, i) => words[words.length - 1 - i]),
    first.length - start,
  );
  if (start + end < 2) return event;
  return [...first.slice(0, start), '…', ...first.slice(first.length - end)].join(' ');
};

const sum = (values: readonly (number | null)[]): number | null =>
  values.reduce<number | null>((total, value) => (total === null || value === null ? null : total + value), 0);
