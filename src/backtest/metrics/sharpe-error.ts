import type { Measured } from './measured.ts';
import type { Moments } from './moments.ts';
import { sharpeSpread } from './probabilistic-sharpe.ts';

/**
 * Standard error of the annual Sharpe ratio: √(1 − skew·SR + (kurtosis − 1)/4·SR²) / √(n − 1) · √A, SR per period
 * (Mertens 2002; the spread that the probabilistic Sharpe ratio divides by).
 */
export function sharpeError(returns: Moments, periodsPerYear: number): Measured {
  const known = sharpeSpread(returns);
  if ('because' in known) return known;
  return Math.sqrt((known.spread / (returns.count - 1)) * periodsPerYear);
}
