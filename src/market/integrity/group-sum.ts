import type { TickColumns } from '../../contracts/market-data.ts';
import { DAY_MS } from '../../contracts/words.ts';

/** A market of a group in which exactly one market resolves to its first outcome ("negative risk"). */
export interface GroupMember {
  /** Prices of the market, sorted by time: ticks, or the closes of candles at their open times. */
  readonly prices: TickColumns;
  /** Time of settlement (UTC epoch milliseconds) and payout; null while the market is open. */
  readonly settled: { readonly at: number; readonly payout: number } | null;
}

export interface GroupReport {
  /** Number of times at which every member had a price. */
  readonly times: number;
  /** Mean sum of the members' prices at those times; null when there are no such times. */
  readonly meanSum: number | null;
  /** Number of these times at which the sum was too large. */
  readonly above: number;
  /** Number of these times at which the sum was too small. */
  readonly below: number;
  /**
   * `above` or `below` when the sum is too large or too small at most of those times. Part of a group never adds up to more than 1, so
   * `above` is always a contradiction; `below` is a contradiction only when all members were collected.
   */
  readonly verdict: 'near 1' | 'above' | 'below';
}

/** Largest distance of a sum from 1 that still counts as consistent. */
const TOLERANCE = 0.1;

/**
 * Adds up the members' prices at every time at which a member has a new price and all have one that is not older than a day. A settled
 * member counts with its payout. A sum far from 1 means a missing member or one with reversed outcomes. Prices are not changed.
 */
export function groupReport(members: readonly GroupMember[]): GroupReport {
  const times = Float64Array.from(new Set(members.flatMap(({ prices }) => Array.from(prices.time)))).sort();
  const at = members.map(() => -1);
  const sums = [...times].flatMap((time): number[] => {
    const prices = members.map(({ prices: own, settled }, m) => {
      while (at[m] + 1 < own.length && own.time[at[m] + 1] <= time) at[m]++;
      if (settled !== null && settled.at <= time) return settled.payout;
      return at[m] < 0 || time - own.time[at[m]] > DAY_MS ? null : own.price[at[m]];
    });
    return prices.includes(null) ? [] : [prices.reduce<number>((sum, price) => sum + (price ?? 0), 0)];
  });
  const above = sums.filter((sum) => sum - 1 > TOLERANCE).length;
  const below = sums.filter((sum) => 1 - sum > TOLERANCE).length;
  return {
    times: sums.length,
    meanSum: sums.length === 0 ? null : sums.reduce((total, sum) => total + sum, 0) / sums.length,
    above,
    below,
    verdict: above * 2 > sums.length ? 'above' : below * 2 > sums.length ? 'below' : 'near 1',
  };
}
