import type { TickColumns } from '../../contracts/market-data.ts';
import { DAY_MS } from '../../contracts/words.ts';

/** A market of a group of which exactly one resolves to its first outcome (negative risk). */
export interface GroupMember {
  /** Its prices in canonical order: ticks, or closes at the open times of their candles. */
  readonly prices: TickColumns;
  /** From when on it pays what; null while it is open. `at` in UTC epoch milliseconds. */
  readonly settled: { readonly at: number; readonly payout: number } | null;
}

export interface GroupSum {
  readonly time: number;
  /** Sum of the members' payouts and last prices at that time. */
  readonly sum: number;
  /** Members without a price: none yet, or one that is too old. While there are some, the sum says little. */
  readonly missing: number;
  /** Whether all have a price and the sum is near 1. */
  readonly consistent: boolean;
}

export interface GroupSumOptions {
  /** How far the sum may be from 1. @default 0.1 */
  readonly tolerance?: number;
  /** How old a price may be, milliseconds. @default one day */
  readonly maxAge?: number;
}

/** What the sums of a group say about it. */
export interface GroupReport {
  /** At how many times every member had a price. */
  readonly times: number;
  /** Mean of the sums at those times; null without any. */
  readonly meanSum: number | null;
  /** At how many of them the sum was too large, and too small. */
  readonly above: number;
  readonly below: number;
  /**
   * `above` or `below` when the sum is off that way at most of those times. Some of a group's members never add up to more
   * than 1, so `above` is a contradiction whatever was collected; `below` is one only when all of them were.
   */
  readonly verdict: 'near 1' | 'above' | 'below';
}

const TOLERANCE = 0.1;

/**
 * The sum of the first-outcome prices of a group at given times: near 1, or the group lacks a member, or has one the wrong way
 * round. Reports; repairs nothing.
 *
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

/** Looks at a group whenever one of its members has a new price. Reports; repairs nothing. */
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
