import type { Measured } from './measured.ts';
import { type Moments, noRatio } from './moments.ts';
import { normalQuantile } from './normal.ts';
import { probabilisticSharpe } from './probabilistic-sharpe.ts';

/** The trials among which a result was picked. */
export interface Trials {
  /** Number of trials, the picked one included. */
  readonly count: number;
  /** Standard deviation of the trials' Sharpe ratios per period. @default 1/√(n − 1), that of pure chance over n returns */
  readonly spread?: number;
}

const EULER = 0.5772156649015329;

/**
 * Expected Sharpe ratio per period of the best of `count` trials without skill:
 * spread·((1 − γ)·Φ⁻¹(1 − 1/N) + γ·Φ⁻¹(1 − 1/(N·e))); 0 for one trial.
 */
export const expectedBestSharpe = (count: number, spread: number): number =>
  count <= 1 ? 0 : spread * ((1 - EULER) * -normalQuantile(1 / count) + EULER * -normalQuantile(1 / (count * Math.E)));

/**
 * Deflated Sharpe ratio: the probability that the true Sharpe ratio is above that of the best of all trials by chance
 * (Bailey & López de Prado 2014). With one trial it equals the probabilistic Sharpe ratio against 0.
 */
export function deflatedSharpe(returns: Moments, trials: Trials): Measured {
  const none = noRatio(returns);
  if (none !== undefined) return none;
  return probabilisticSharpe(returns, expectedBestSharpe(trials.count, trials.spread ?? 1 / Math.sqrt(returns.count - 1)));
}

/** Number and spread of a grid's trials, from their Sharpe ratios per period. Trials without a ratio (they never traded) are counted but do not affect the spread. */
export function trialsOf(ratios: readonly number[]): Trials {
  const known = ratios.filter(Number.isFinite);
  if (known.length < 2) return { count: ratios.length };
  const mean = known.reduce((sum, ratio) => sum + ratio, 0) / known.length;
  const squares = known.reduce((sum, ratio) => sum + (ratio - mean) ** 2, 0);
  return { count: ratios.length, spread: Math.sqrt(squares / (known.length - 1)) };
}
