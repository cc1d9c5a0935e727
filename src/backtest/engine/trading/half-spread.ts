import { DAY_MS } from '../../../contracts/words.ts';
import type { CandleSeries } from '../candle-series.ts';
import { bookAt, type Market } from '../market.ts';

/**
 * Source of a fill's half-spread: `recorded` = the order book at its time; `default` = the median of similar markets, since no book was
 * recorded; `given` = the options; `unknown` = an asset without a recorded book, which fills without a spread.
 */
export type SpreadSource = 'recorded' | 'default' | 'given' | 'unknown';

export type SpreadCounts = Readonly<Partial<Record<SpreadSource, number>>>;

/** Adds up the fills of several markets by the source of their half-spread; a source without fills is absent. */
export function spreadsTogether(all: readonly SpreadCounts[]): SpreadCounts {
  const sum: Partial<Record<SpreadSource, number>> = {};
  for (const one of all) for (const from of Object.keys(one) as SpreadSource[]) sum[from] = (sum[from] ?? 0) + (one[from] ?? 0);
  return sum;
}

export interface HalfSpread {
  readonly amount: number;
  readonly from: SpreadSource;
}

/** Maximum age at which a recorded order book still counts as the present one; a run every 4 hours records six books in that time. */
const MAX_AGE_MS = DAY_MS;

/** Bounds of the classes of money traded in 24 hours: below 100, 1,000, 10,000, and more. */
const MONEY_BOUNDS = [100, 1000, 10_000];

/**
 * Median half-spreads by the money traded in 24 hours, from the best bid and ask of the 235 markets with trades among 300 that a venue
 * listed on 2026-03-11 (12 pages of Gamma's `/markets`: `bestBid`, `bestAsk`, `volume24hr`); 9 to 44 markets per class. `edge`: prices
 * below 0.05 or above 0.95. The first value of each list is the overall median, used for markets whose trades have no sizes.
 */
const MEDIANS = { edge: [0.002, 0.0155, 0.0083, 0.002, 0.0005], middle: [0.01, 0.0275, 0.01, 0.005, 0.01] } as const;

/** Creates a function that returns a bar's half-spread: from the newest book of the 24 hours before, or else the default of its class. */
export const halfSpreads = (
  traded: CandleSeries,
  { kind, books }: Pick<Market, 'kind' | 'books'>,
  barMs: number,
): ((bar: number) => HalfSpread) => {
  const { candles, from } = traded.within ?? { candles: traded, from: 0 };
  return (tradedBar) => {
    const bar = from + tradedBar;
    const time = candles.openTime[bar];
    const { bid, ask, at } = bookAt(books, time) ?? { bid: null, ask: null, at: 0 };
    // rounded, because in binary floating point 0.63 − 0.61 is not exactly 0.02
    if (bid !== null && ask !== null && ask >= bid && time - at <= MAX_AGE_MS)
      return { amount: Math.round(((ask - bid) / 2) * 1e12) / 1e12, from: 'recorded' };
    if (kind === 'asset') return { amount: 0, from: 'unknown' };
    const price = candles.open[bar];
    const medians = price < 0.05 || price > 0.95 ? MEDIANS.edge : MEDIANS.middle;
    const money = moneyPerDay(candles, bar, barMs);
    return { amount: medians[Number.isNaN(money) ? 0 : 1 + MONEY_BOUNDS.filter((bound) => money >= bound).length], from: 'default' };
  };
};

/** Money traded per day in the 24 hours (or longer bar) before a bar; scaled up if the series starts later, NaN if unknown. */
function moneyPerDay({ openTime, close, volume }: CandleSeries, bar: number, barMs: number): number {
  const window = Math.max(DAY_MS, barMs);
  const from = openTime[bar] - window;
  let money = 0;
  for (let i = bar - 1; i >= 0 && openTime[i] >= from; i--) money += volume[i] * close[i];
  const known = Math.min(window, openTime[bar] - openTime[0]);
  return known > 0 ? (money * DAY_MS) / known : Number.NaN;
}
