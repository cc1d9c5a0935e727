import { type Undefined, undefinedBecause } from './measured.ts';

/** Moments of a return series, which the ratios are computed from. */
export interface Moments {
  readonly count: number;
  /** Number of returns that are not 0. */
  readonly nonZero: number;
  /** Mean return; NaN if a return is NaN. */
  readonly mean: number;
  /** Sample standard deviation (ddof 1); NaN for fewer than two values, 0 if the returns differ only by rounding. */
  readonly deviation: number;
  /** Mean square of the negative returns: Σ min(r, 0)² / count. */
  readonly downsideSquare: number;
  /** Population skewness; NaN if the returns do not vary. */
  readonly skewness: number;
  /** Population kurtosis, 3 for a normal distribution; NaN if the returns do not vary. */
  readonly kurtosis: number;
}

/** The reason why no ratio of a return series is defined; undefined if there is none. */
export function noRatio({ count, mean }: Pick<Moments, 'count' | 'mean'>): Undefined | undefined {
  if (count < 2) return undefinedBecause('needs at least two returns');
  return Number.isNaN(mean) ? undefinedBecause('the account was worth nothing, and something again: no return says that') : undefined;
}

/** Computes the moments of period returns, in two passes so that small deviations keep their digits. */
export function momentsOf(returns: Float64Array): Moments {
  const count = returns.length;
  let sum = 0;
  let downside = 0;
  let nonZero = 0;
  for (let i = 0; i < count; i++) {
    const value = returns[i];
    sum += value;
    if (value !== 0) nonZero++;
    if (value < 0) downside += value * value;
  }
  const mean = sum / count;
  let second = 0;
  let third = 0;
  let fourth = 0;
  for (let i = 0; i < count; i++) {
    const distance = returns[i] - mean;
    const square = distance * distance;
    second += square;
    third += square * distance;
    fourth += square * square;
  }
  const variance = second / count;
  // equal returns may differ from their mean by rounding, which is not deviation
  const varies = Math.sqrt(variance) > Math.abs(mean) * 1e-14;
  return {
    count,
    nonZero,
    mean,
    deviation: count < 2 || Number.isNaN(mean) ? Number.NaN : varies ? Math.sqrt(second / (count - 1)) : 0,
    downsideSquare: downside / count,
    skewness: varies ? third / count / variance ** 1.5 : Number.NaN,
    kurtosis: varies ? fourth / count / variance ** 2 : Number.NaN,
  };
}
