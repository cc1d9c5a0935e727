import { DAY_MS } from '../../contracts/words.ts';

/**
 * Returns of an equity curve from one UTC day to the next: the last value of each day, carried over days without bars, the
 * first day against the start, so n days give n returns. What is worth nothing returns nothing; where it is
 * worth something again (the price of what is held was 0) that day's return is NaN.
 *
 * @param start equity before the first bar
 * @param openTime UTC epoch milliseconds, rising; equity[i] belongs to the day of openTime[i]
 * @param end when the last value was had, where that is on a later day than the last bar; until then there was `lastMark`
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
  // what rounding leaves of the money is nothing
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
