import { normalCdf, normalQuantile } from './distributions.ts';
import { type Measured, type Undefined, undefinedBecause } from './measured.ts';

/** Moments of a return series, which the ratios are computed from. */
export interface Moments {
  readonly count: number;
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

/** The reason why a return series has no ratios at all; undefined if it can have some. */
export function noRatio({ count, mean }: Pick<Moments, 'count' | 'mean'>): Undefined | undefined {
  if (count < 2) return undefinedBecause('needs at least two returns');
  return Number.isNaN(mean) ? undefinedBecause('the account was worth nothing, and something again: no return says that') : undefined;
}

/** Moments of period returns, in two passes so that small deviations keep their digits. */
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

/**
 * Sharpe ratio: mean(r) / std(r, ddof 1) · √A, risk-free rate 0 (Sharpe 1994; empyrical with A = 252, quantstats, vectorbt). Peers differ:
 * backtesting.py divides a compounded annual return, Lean and freqtrade use other deviations.
 * @param periodsPerYear A; 365 for daily returns of markets that never close
 */
export function sharpe(returns: Moments, periodsPerYear: number): Measured {
  const none = noRatio(returns);
  if (none !== undefined) return none;
  if (returns.deviation === 0) return undefinedBecause('the returns do not vary');
  return (returns.mean / returns.deviation) * Math.sqrt(periodsPerYear);
}

/**
 * Standard error of the annual Sharpe ratio: √(1 − skew·SR + (kurtosis − 1)/4·SR²) / √(n − 1) · √A, SR per period (Mertens 2002; the spread
 * that the probabilistic Sharpe ratio divides by).
 */
export function sharpeError(returns: Moments, periodsPerYear: number): Measured {
  const known = sharpeSpread(returns);
  if ('because' in known) return known;
  return Math.sqrt((known.spread / (returns.count - 1)) * periodsPerYear);
}

/** Sharpe ratio per period, and the factor `spread` of its sampling variance: 1 − skew·SR + (kurtosis − 1)/4·SR². */
export function sharpeSpread(returns: Moments): { readonly ratio: number; readonly spread: number } | Undefined {
  const none = noRatio(returns);
  if (none !== undefined) return none;
  if (returns.deviation === 0) return undefinedBecause('the returns do not vary');
  const ratio = returns.mean / returns.deviation;
  const spread = 1 - returns.skewness * ratio + ((returns.kurtosis - 1) / 4) * ratio * ratio;
  return spread > 0 ? { ratio, spread } : undefinedBecause('the returns are too few and too skewed to estimate it');
}

/**
 * Probability that the true Sharpe ratio is above `benchmark`, given the number, skewness and kurtosis of the returns: Φ((SR − SR*)·√(n −
 * 1) / √(1 − skew·SR + (kurtosis − 1)/4·SR²)) (Bailey & López de Prado 2012).
 * @param benchmark SR*, per period (not annualised)
 */
export function probabilisticSharpe(returns: Moments, benchmark = 0): Measured {
  const known = sharpeSpread(returns);
  if ('because' in known) return known;
  return normalCdf(((known.ratio - benchmark) * Math.sqrt(returns.count - 1)) / Math.sqrt(known.spread));
}

/** The trials among which a result was picked. */
export interface Trials {
  /** Number of trials, the picked one included. */
  readonly count: number;
  /** Standard deviation of the trials' Sharpe ratios per period. @default 1/√(n − 1), that of pure chance over n returns */
  readonly spread?: number;
}

const EULER = 0.5772156649015329;

/** Expected Sharpe ratio of the best of N trials without skill: spread·((1 − γ)·Φ⁻¹(1 − 1/N) + γ·Φ⁻¹(1 − 1/(N·e))). */
export function expectedBestSharpe(count: number, spread: number): number {
  if (count <= 1) return 0;
  if (standard.count !== count)
    standard = { count, best: (1 - EULER) * -normalQuantile(1 / count) + EULER * -normalQuantile(1 / (count * Math.E)) };
  return spread * standard.best;
}

/** Cached expected best Sharpe ratio for a spread of 1: all trials of a grid need the same value. */
let standard = { count: 1, best: 0 };

/**
 * Deflated Sharpe ratio: the probability that the true Sharpe ratio is above that of the best of all trials by chance (Bailey & López de
 * Prado 2014). With one trial it equals the probabilistic Sharpe ratio against 0.
 */
export function deflatedSharpe(returns: Moments, trials: Trials): Measured {
  const none = noRatio(returns);
  if (none !== undefined) return none;
  return probabilisticSharpe(returns, expectedBestSharpe(trials.count, trials.spread ?? 1 / Math.sqrt(returns.count - 1)));
}

/** Number and spread of a grid's trials, from their Sharpe ratios per period. Trials that never traded affect only the number. */
export function trialsOf(ratios: readonly number[]): Trials {
  const known = ratios.filter(Number.isFinite);
  if (known.length < 2) return { count: ratios.length };
  const mean = known.reduce((sum, ratio) => sum + ratio, 0) / known.length;
  const squares = known.reduce((sum, ratio) => sum + (ratio - mean) ** 2, 0);
  return { count: ratios.length, spread: Math.sqrt(squares / (known.length - 1)) };
}

/** Sortino ratio: mean(r)·A / (√mean(min(r, 0)²)·√A), target 0, over all returns (Sortino & Price 1994; empyrical, quantstats). */
export function sortino(returns: Moments, periodsPerYear: number): Measured {
  const none = noRatio(returns);
  if (none !== undefined) return none;
  if (returns.downsideSquare === 0) return undefinedBecause('no return is below zero');
  return (returns.mean * periodsPerYear) / (Math.sqrt(returns.downsideSquare) * Math.sqrt(periodsPerYear));
}

/** Calmar ratio: cagr / |maxDrawdown| (Young 1991; empyrical). */
export function calmar(annualGrowth: Measured, drawdown: number): Measured {
  if (typeof annualGrowth !== 'number') return annualGrowth;
  return drawdown === 0 ? undefinedBecause('there is no drawdown') : annualGrowth / Math.abs(drawdown);
}

/** Annual volatility: std(r, ddof 1)·√A (empyrical `annual_volatility`). */
export const volatility = (returns: Moments, periodsPerYear: number): Measured =>
  noRatio(returns) ?? returns.deviation * Math.sqrt(periodsPerYear);
