import { DAY_MS } from '../../contracts/words.ts';

/**
 * Returns of an equity curve from one UTC day to the next: the last value of each day, carried over days without bars,
 * so n days give n − 1 returns. After ruin (equity 0) nothing is returned any more.
 *
 * @param openTime UTC epoch milliseconds, rising; equity[i] belongs to the day of openTime[i]
 */
export function dailyReturns(openTime: Float64Array, equity: Float64Array): Float64Array {
  const bars = openTime.length;
  if (bars === 0) return new Float64Array(0);
  const firstDay = Math.floor(openTime[0] / DAY_MS);
  const returns = new Float64Array(Math.floor(openTime[bars - 1] / DAY_MS) - firstDay);
  let before = 0;
  for (let i = 0; i < bars; ) {
    const day = Math.floor(openTime[i] / DAY_MS);
    const midnight = (day + 1) * DAY_MS;
    while (i < bars && openTime[i] < midnight) i++;
    const value = equity[i - 1];
    if (day > firstDay && before > 0) returns[day - firstDay - 1] = value / before - 1;
    before = value;
  }
  return returns;
}
