import type { FeeSchedule, Instrument, OrderBook } from '../contracts/market-data.ts';
import { feeModel } from './fees.ts';
import { mirrorPrice } from './mirror-price.ts';

type Quotes = Pick<OrderBook, 'bid' | 'ask'>;

/** Cost and proceeds of one unit, including the taker's fee; null without a quote on that side. */
export interface TradeCosts {
  /** Cash paid for one unit bought at the ask. */
  readonly cost: number | null;
  /** Cash received for one unit sold at the bid. */
  readonly proceeds: number | null;
}

/** Costs of trading at these quotes. Unknown fees count as zero. */
export function tradeCosts({ bid, ask }: Quotes, fees: FeeSchedule | null): TradeCosts {
  const unitCost = (price: number): number => (fees === null ? price : feeModel(fees).unitCost(price));
  return { cost: ask === null ? null : unitCost(ask), proceeds: bid === null ? null : 2 * bid - unitCost(bid) };
}

/** Profit per unit of buying one market and selling the other, after both fees; null where a quote is missing. */
const profitOf = (buy: TradeCosts, sell: TradeCosts): number | null =>
  buy.cost === null || sell.proceeds === null ? null : sell.proceeds - buy.cost;

/** Whether one market's first outcome is the other's second outcome, by their names. */
export const areReversed = (one: readonly string[], other: readonly string[]): boolean => {
  const [a, b] = [one, other].map((names) => names.map((name) => name.toLowerCase()));
  return a.length === 2 && b.length === 2 && a[0] !== a[1] && a[0] === b[1] && a[1] === b[0];
};

/** An order book as seen from the second outcome: its bid is one minus the ask. */
export const mirrorBook = ({ bid, ask, bidSize, askSize, at }: OrderBook): OrderBook => ({
  bid: ask === null ? null : mirrorPrice(ask),
  ask: bid === null ? null : mirrorPrice(bid),
  ...(askSize !== undefined && { bidSize: askSize }),
  ...(bidSize !== undefined && { askSize: bidSize }),
  at,
});

/** Maximum time between two books that are compared as if they were recorded together; milliseconds. */
export const MAX_APART_MS = 5 * 60_000;

/** Milliseconds between the oldest and the newest of these books; infinite where one is missing. */
export const apartMs = (markets: readonly Pick<Instrument, 'book'>[]): number => {
  const times = markets.map(({ book }) => book?.at ?? Number.NaN);
  return times.some(Number.isNaN) ? Number.POSITIVE_INFINITY : Math.max(...times) - Math.min(...times);
};

/** The most profitable way to buy a market at one venue and sell its twin at another. */
export interface TwinBasis {
  readonly buyAt: string;
  readonly sellAt: string;
  /** Profit per unit after both fees; negative where it is a loss. */
  readonly profit: number;
  readonly apartMs: number;
}

/** Compares the recorded books of a market and its twins after fees; null where no pair has both quotes. */
export const twinBasis = (markets: readonly (Pick<Instrument, 'source' | 'book'> & TradeCosts)[]): TwinBasis | null => {
  const pairs = markets.flatMap((buy) =>
    markets.flatMap((sell): TwinBasis[] => {
      const profit = buy === sell ? null : profitOf(buy, sell);
      return profit === null ? [] : [{ buyAt: buy.source, sellAt: sell.source, profit, apartMs: apartMs([buy, sell]) }];
    }),
  );
  return pairs.reduce<TwinBasis | null>((best, pair) => (best === null || pair.profit > best.profit ? pair : best), null);
};

/** One of two twins: its bars, oldest first, where `complete` is 1 for a closed bar without a gap, and the recorded states of its book. */
export interface BasisSide extends Pick<Instrument, 'outcomes' | 'fees' | 'earlierTerms'> {
  readonly bars: {
    readonly length: number;
    readonly openTime: Float64Array;
    readonly close: Float64Array;
    readonly complete: Uint8Array;
  };
  readonly books: readonly OrderBook[];
}

/** The prices of a market and its twin at the close of a bar that both have, as prices of the market's first outcome. */
export interface BasisPoint {
  /** Close of the bar; nothing newer is used. UTC epoch milliseconds. */
  readonly time: number;
  readonly price: number;
  readonly twinPrice: number;
  /** `price − twinPrice`. */
  readonly difference: number;
  /** Profit per unit of buying the market and selling its twin, after half of both spreads and both taker fees; null without both books. */
  readonly buy: number | null;
  /** Profit per unit of selling the market and buying its twin. */
  readonly sell: number | null;
}

/**
 * The basis of a market to its twin over time: one point per bar that both have complete by `asOf`. The spread comes from the newest book
 * recorded by the bar's close, and the fees are those that applied then.
 */
export function basisSeries(market: BasisSide, twin: BasisSide, { barMs, asOf }: { barMs: number; asOf: number }): readonly BasisPoint[] {
  const isMirrored = areReversed(market.outcomes, twin.outcomes);
  const [costs, twinCosts] = [costsOverTime(market), costsOverTime(twin)];
  const points: BasisPoint[] = [];
  let at = 0;
  for (let bar = 0; bar < market.bars.length; bar++) {
    const opened = market.bars.openTime[bar];
    const time = opened + barMs;
    while (at < twin.bars.length && twin.bars.openTime[at] < opened) at++;
    if (time > asOf || at === twin.bars.length) break;
    if (twin.bars.openTime[at] !== opened || market.bars.complete[bar] !== 1 || twin.bars.complete[at] !== 1) continue;
    const price = market.bars.close[bar];
    const twinPrice = isMirrored ? mirrorPrice(twin.bars.close[at]) : twin.bars.close[at];
    const [own, other] = [costs(price, time), twinCosts(twinPrice, time)];
    points.push({ time, price, twinPrice, difference: price - twinPrice, buy: profitOf(own, other), sell: profitOf(other, own) });
  }
  return points;
}

/** Costs of trading around a price: half the newest spread and the fees at that time. Must be called with ascending times. */
function costsOverTime({ books, fees, earlierTerms = [] }: BasisSide): (price: number, time: number) => TradeCosts {
  let seen = 0;
  return (price, time) => {
    while (seen < books.length && books[seen].at <= time) seen++;
    const { bid, ask } = books[seen - 1] ?? { bid: null, ask: null };
    if (bid === null || ask === null) return { cost: null, proceeds: null };
    const half = Math.max(0, ask - bid) / 2;
    const earlier = earlierTerms.find(({ until }) => until > time);
    return tradeCosts({ bid: Math.max(0, price - half), ask: Math.min(1, price + half) }, earlier === undefined ? fees : earlier.fees);
  };
}
