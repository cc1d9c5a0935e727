import { DAY_MS } from '../../contracts/words.ts';

/**
 * Returns of an equity curve from one UTC day to the next: the last value of each day, carried over days without bars, the
 * first day against the start, so n days give n returns. After ruin (equity 0) nothing is returned any more.
 *
 * @param start equity before the first bar
 * @param openTime UTC epoch milliseconds, rising; equity[i] belongs to the day of openTime[i]
 */
export function dailyReturns(start: number, openTime: Float64Array, equity: Float64Array): Float64Array {
  const bars = openTime.length;
  if (bars === 0) return new Float64Array(0);
  const firstDay = Math.floor(openTime[0] / DAY_MS);
  const returns = new Float64Array(Math.floor(openTime[bars - 1] / DAY_MS) - firstDay + 1);
  let before = start;
  for (let i = 0; i < bars; ) {
    const day = Math.floor(openTime[i] / DAY_MS);
    const midnight = (day + 1) * DAY_MS;
    while (i < bars && openTime[i] < midnight) i++;
    const value = equity[i - 1];
    if (before > 0) returns[day - firstDay] = value / before - 1;
    before = value;
  }
  return returns;
}
