import type { TickColumns } from '../../contracts/market-data.ts';
import { DAY_MS } from '../../contracts/words.ts';

export interface ComplementReport {
  /** Number of times at which both series had a price. */
  readonly pairs: number;
  /** Mean and largest |p(first) + p(second) − 1|; null without pairs. */
  readonly meanDeviation: number | null;
  readonly worst: { readonly time: number; readonly deviation: number } | null;
  /** Number of pairs that deviate by more than the tolerance. */
  readonly beyond: number;
  /** `complement`: the two prices add up to 1 (a market's two outcomes, or twins with reversed outcomes); `same`: they are equal. */
  readonly polarity: 'complement' | 'same' | 'unclear';
}

/**
 * Compares two price series that should add up to 1, such as a market's outcomes, or detects twins with reversed outcomes. Only reports.
 * @param tolerance largest distance of a sum from 1: the spread. @default 0.05
 * @param maxAge largest age of the other price in milliseconds. @default one day
 */
export function complementReport(
  first: TickColumns,
  second: TickColumns,
  { tolerance = 0.05, maxAge = DAY_MS }: { tolerance?: number; maxAge?: number } = {},
): ComplementReport {
  let pairs = 0;
  let beyond = 0;
  let sumDeviation = 0;
  let sumDifference = 0;
  let worst: ComplementReport['worst'] = null;
  let j = -1;
  for (let i = 0; i < first.length; i++) {
    const time = first.time[i];
    while (j + 1 < second.length && second.time[j + 1] <= time) j++;
    if (j < 0 || time - second.time[j] > maxAge) continue;
    const deviation = Math.abs(first.price[i] + second.price[j] - 1);
    pairs++;
    sumDeviation += deviation;
    sumDifference += Math.abs(first.price[i] - second.price[j]);
    if (deviation > tolerance) beyond++;
    if (worst === null || deviation > worst.deviation) worst = { time, deviation };
  }
  if (pairs === 0) return { pairs, meanDeviation: null, worst, beyond, polarity: 'unclear' };
  const meanDeviation = sumDeviation / pairs;
  return { pairs, meanDeviation, worst, beyond, polarity: polarityOf(meanDeviation, sumDifference / pairs, tolerance) };
}

/** The polarity by the mean deviations; near 0.5 both fit, so it is unclear. */
function polarityOf(deviation: number, difference: number, tolerance: number): ComplementReport['polarity'] {
  if (deviation <= tolerance && difference > 2 * tolerance) return 'complement';
  return difference <= tolerance && deviation > 2 * tolerance ? 'same' : 'unclear';
}
