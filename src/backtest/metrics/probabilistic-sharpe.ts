import { type Measured, undefinedBecause } from './measured.ts';
import { type Moments, noRatio } from './moments.ts';
import { normalCdf } from './normal.ts';

/**
 * Probability that the true Sharpe ratio is above `benchmark`, given how many returns there are and how skewed and
 * heavy-tailed: Φ((SR − SR*)·√(n − 1) / √(1 − skew·SR + (kurtosis − 1)/4·SR²)) (Bailey & López de Prado 2012).
 *
 * @param benchmark SR*, per period (not annualised)
 */
export function probabilisticSharpe(returns: Moments, benchmark = 0): Measured {
  const none = noRatio(returns);
  if (none !== undefined) return none;
  if (returns.deviation === 0) return undefinedBecause('the returns do not vary');
  const ratio = returns.mean / returns.deviation;
  const spread = 1 - returns.skewness * ratio + ((returns.kurtosis - 1) / 4) * ratio * ratio;
  if (!(spread > 0)) return undefinedBecause('the returns are too few and too skewed to estimate it');
  return normalCdf(((ratio - benchmark) * Math.sqrt(returns.count - 1)) / Math.sqrt(spread));
}
