import { type Measured, undefinedBecause } from './measured.ts';
import { type Moments, noRatio } from './moments.ts';

/**
 * Standard error of the annual Sharpe ratio: √(1 − skew·SR + (kurtosis − 1)/4·SR²) / √(n − 1) · √A, SR per period
 * (Mertens 2002; the spread that the probabilistic Sharpe ratio divides by).
 */
export function sharpeError(returns: Moments, periodsPerYear: number): Measured {
  const none = noRatio(returns);
  if (none !== undefined) return none;
  if (returns.deviation === 0) return undefinedBecause('the returns do not vary');
  const ratio = returns.mean / returns.deviation;
  const spread = 1 - returns.skewness * ratio + ((returns.kurtosis - 1) / 4) * ratio * ratio;
  if (!(spread > 0)) return undefinedBecause('the returns are too few and too skewed to estimate it');
  return Math.sqrt((spread / (returns.count - 1)) * periodsPerYear);
}
