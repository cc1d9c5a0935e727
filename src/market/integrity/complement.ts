import type { TickColumns } from '../../contracts/market-data.ts';
import { DAY_MS } from '../../contracts/words.ts';

export interface ComplementReport {
  /** Number of times at which both series had a price that was not older than a day. */
  readonly pairs: number;
  /** `complement`: the two prices add up to 1 (twins with reversed outcomes); `same`: they are equal. */
  readonly polarity: 'complement' | 'same' | 'unclear';
}

/** Largest mean distance that the spreads of two twins explain: of the sum of their prices from 1, or between their prices. */
const TOLERANCE = 0.05;

/** Compares the prices of twins by their mean differences. Prices near 0.5 are equal and also add up to 1, so they leave it unclear. */
export function complementReport(first: TickColumns, second: TickColumns): ComplementReport {
  let [pairs, deviation, difference] = [0, 0, 0];
  let j = -1;
  for (let i = 0; i < first.length; i++) {
    const time = first.time[i];
    while (j + 1 < second.length && second.time[j + 1] <= time) j++;
    if (j < 0 || time - second.time[j] > DAY_MS) continue;
    pairs++;
    deviation += Math.abs(first.price[i] + second.price[j] - 1);
    difference += Math.abs(first.price[i] - second.price[j]);
  }
  const fits = (sum: number): boolean => sum <= TOLERANCE * pairs;
  const differs = (sum: number): boolean => sum > 2 * TOLERANCE * pairs;
  if (fits(deviation) && differs(difference)) return { pairs, polarity: 'complement' };
  return { pairs, polarity: fits(difference) && differs(deviation) ? 'same' : 'unclear' };
}
