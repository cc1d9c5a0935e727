import type { TickColumns } from '../../contracts/market-data.ts';
import { DAY_MS } from '../../contracts/words.ts';

/** A market of a group of which exactly one resolves to its first outcome (negative risk). */
export interface GroupMember {
  /** Prices of the market in canonical order: ticks, or closes at the open times of their candles. */
  readonly prices: TickColumns;
  /** Time of settlement (UTC epoch milliseconds) and payout; null while the market is open. */
  readonly settled: { readonly at: number; readonly payout: number } | null;
}

export interface GroupSum {
  readonly time: number;
  /** Sum of the members' payouts and last prices at that time. */
  readonly sum: number;
  /** Number of members without a price, or with one that is too old. The sum is only meaningful when it is 0. */
  readonly missing: number;
  readonly consistent: boolean;
}

export interface GroupSumOptions {
  /** Largest distance of the sum from 1. @default 0.1 */
  readonly tolerance?: number;
  /** Largest age of a price in milliseconds. @default one day */
  readonly maxAge?: number;
}

export interface GroupReport {
  /** Number of times at which every member had a price. */
  readonly times: number;
  /** Mean of the sums at those times; null when there are none. */
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

const TOLERANCE = 0.1;

/**
 * Sums of the first-outcome prices of a group. A sum far from 1 means a missing member or one with reversed outcomes. Only reports.
 * @param times ascending, UTC epoch milliseconds
 */
export function groupSums(
  members: readonly GroupMember[],
  times: ArrayLike<number>,
  { tolerance = TOLERANCE, maxAge = DAY_MS }: GroupSumOptions = {},
): GroupSum[] {
  const at = members.map(() => -1);
  return Array.from({ length: times.length }, (_, n): GroupSum => {
    const time = times[n];
    let sum = 0;
    let missing = 0;
    members.forEach(({ prices, settled }, m) => {
      while (at[m] + 1 < prices.length && prices.time[at[m] + 1] <= time) at[m]++;
      if (settled !== null && settled.at <= time) sum += settled.payout;
      else if (at[m] < 0 || time - prices.time[at[m]] > maxAge) missing++;
      else sum += prices.price[at[m]];
    });
    return { time, sum, missing, consistent: missing === 0 && Math.abs(sum - 1) <= tolerance };
  });
}

/** Evaluates a group at every time at which a member has a new price. It only reports and changes no data. */
export function groupReport(members: readonly GroupMember[], options: GroupSumOptions = {}): GroupReport {
  const times = new Set(members.flatMap(({ prices }) => Array.from(prices.time)));
  const sums = groupSums(members, Float64Array.from(times).sort(), options).filter(({ missing }) => missing === 0);
  const { tolerance = TOLERANCE } = options;
  const above = sums.filter(({ sum }) => sum - 1 > tolerance).length;
  const below = sums.filter(({ sum }) => 1 - sum > tolerance).length;
  return {
    times: sums.length,
    meanSum: sums.length === 0 ? null : sums.reduce((total, { sum }) => total + sum, 0) / sums.length,
    above,
    below,
    verdict: above * 2 > sums.length ? 'above' : below * 2 > sums.length ? 'below' : 'near 1',
  };
}
