import { type Measured, type Undefined, undefinedBecause } from './measured.ts';
import { type Moments, noRatio } from './moments.ts';
import { normalCdf } from './normal.ts';

/** Sharpe ratio per period, and the factor `spread` of its sampling variance for skewed and heavy-tailed returns: 1 − skew·SR + (kurtosis − 1)/4·SR². */
export function sharpeSpread(returns: Moments): { readonly ratio: number; readonly spread: number } | Undefined {
  const none = noRatio(returns);
  if (none !== undefined) return none;
  if (returns.deviation === 0) return undefinedBecause('the returns do not vary');
  const ratio = returns.mean / returns.deviation;
  const spread = 1 - returns.skewness * ratio + ((returns.kurtosis - 1) / 4) * ratio * ratio;
  return spread > 0 ? { ratio, spread } : undefinedBecause('the returns are too few and too skewed to estimate it');
}

/**
 * Probability that the true Sharpe ratio is above `benchmark`, given the number, skewness and kurtosis of the returns:
 * Φ((SR − SR*)·√(n − 1) / √(1 − skew·SR + (kurtosis − 1)/4·SR²)) (Bailey & López de Prado 2012).
 *
 * @param benchmark SR*, per period (not annualised)
 */
export function probabilisticSharpe(returns: Moments, benchmark = 0): Measured {
  const known = sharpeSpread(returns);
  if ('because' in known) return known;
  return normalCdf(((known.ratio - benchmark) * Math.sqrt(returns.count - 1)) / Math.sqrt(known.spread));
}
