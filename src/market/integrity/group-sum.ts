import type { TickColumns } from '../../contracts/market-data.ts';

export interface GroupSum {
  readonly time: number;
  /** Sum of the members' last prices at that time. */
  readonly sum: number;
  /** Members without any price yet; while there are some, the sum says little. */
  readonly missing: number;
  /** Whether all have a price and the sum is near 1. */
  readonly consistent: boolean;
}

/**
 * The sum of the first-outcome prices of a group of markets of which exactly one resolves to Yes (negative-risk groups), at
 * given times: near 1, or the group lacks a member, holds one twice, or has one the wrong way round. Reports; repairs nothing.
 *
 * @param members each member's ticks in canonical order
 * @param times ascending, UTC epoch milliseconds
 * @param tolerance how far the sum may be from 1. @default 0.1
 */
export function groupSums(members: readonly TickColumns[], times: ArrayLike<number>, tolerance = 0.1): GroupSum[] {
  const at = members.map(() => -1);
  return Array.from({ length: times.length }, (_, n): GroupSum => {
    const time = times[n];
    let sum = 0;
    let missing = 0;
    members.forEach((ticks, m) => {
      while (at[m] + 1 < ticks.length && ticks.time[at[m] + 1] <= time) at[m]++;
      if (at[m] < 0) missing++;
      else sum += ticks.price[at[m]];
    });
    return { time, sum, missing, consistent: missing === 0 && Math.abs(sum - 1) <= tolerance };
  });
}
