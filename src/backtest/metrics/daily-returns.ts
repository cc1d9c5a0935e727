import { DAY_MS } from '../../contracts/words.ts';

/**
 * Daily returns of an equity curve: each UTC day's last value, carried over days without bars, relative to the previous day's; the first
 * day's relative to the start, so n days give n returns. An equity of 0 returns 0; if it becomes positive again (the price of the position
 * was 0), that day's return is NaN.
 *
 * @param start equity before the first bar
 * @param openTime UTC epoch milliseconds, rising; equity[i] belongs to the day of openTime[i]
 * @param end time of the last equity value if it is on a later day than the last bar, and `lastMark`, the equity until then
 */
export function dailyReturns(
  start: number,
  openTime: Float64Array,
  equity: Float64Array,
  end?: { readonly time: number; readonly lastMark: number },
): Float64Array {
  const bars = openTime.length;
  if (bars === 0) return new Float64Array(0);
  const firstDay = Math.floor(openTime[0] / DAY_MS);
  const lastBarDay = Math.floor(openTime[bars - 1] / DAY_MS);
  const lastDay = Math.max(lastBarDay, Math.floor((end?.time ?? Number.NEGATIVE_INFINITY) / DAY_MS));
  const returns = new Float64Array(lastDay - firstDay + 1);
  // a remainder due to rounding counts as 0
  const dust = start * 1e-12;
  let before = start;
  for (let i = 0; i < bars; ) {
    const day = Math.floor(openTime[i] / DAY_MS);
    const midnight = (day + 1) * DAY_MS;
    while (i < bars && openTime[i] < midnight) i++;
    const value = end !== undefined && i === bars && lastDay > lastBarDay ? end.lastMark : equity[i - 1];
    returns[day - firstDay] = returnOf(before, value, dust);
    before = value;
  }
  if (lastDay > lastBarDay) returns[lastDay - firstDay] = returnOf(before, equity[bars - 1], dust);
  return returns;
}

const returnOf = (before: number, value: number, dust: number): number =>
  before > dust ? value / before - 1 : value > dust ? Number.NaN : 0;
