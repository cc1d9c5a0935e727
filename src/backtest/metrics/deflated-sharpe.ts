import type { Measured } from './measured.ts';
import { type Moments, noRatio } from './moments.ts';
import { normalQuantile } from './normal.ts';
import { probabilisticSharpe } from './probabilistic-sharpe.ts';

/** What was tried before this result was picked. */
export interface Trials {
  /** How many, this one included. */
  readonly count: number;
  /** Standard deviation of the trials' Sharpe ratios per period; unknown = 1/√(n − 1), that of pure luck. */
  readonly spread?: number;
}

const EULER = 0.5772156649015329;

/**
 * The Sharpe ratio per period that the best of `count` worthless trials is expected to show:
 * spread·((1 − γ)·Φ⁻¹(1 − 1/N) + γ·Φ⁻¹(1 − 1/(N·e))); 0 for one trial.
 */
export const expectedBestSharpe = (count: number, spread: number): number =>
  count <= 1 ? 0 : spread * ((1 - EULER) * -normalQuantile(1 / count) + EULER * -normalQuantile(1 / (count * Math.E)));

/**
 * Deflated Sharpe ratio: the probability that the true Sharpe ratio is above what the best of all trials would show by luck
 * (Bailey & López de Prado 2014). With one trial it equals the probabilistic Sharpe ratio against 0.
 */
export function deflatedSharpe(returns: Moments, trials: Trials): Measured {
  const none = noRatio(returns);
  if (none !== undefined) return none;
  return probabilisticSharpe(returns, expectedBestSharpe(trials.count, trials.spread ?? 1 / Math.sqrt(returns.count - 1)));
}

/** The trials of a grid, from each one's Sharpe ratio per period; trials without one (never traded) count but do not spread. */
export function trialsOf(ratios: readonly number[]): Trials {
  const known = ratios.filter(Number.isFinite);
  if (known.length < 2) return { count: ratios.length };
  const mean = known.reduce((sum, ratio) => sum + ratio, 0) / known.length;
  const squares = known.reduce((sum, ratio) => sum + (ratio - mean) ** 2, 0);
  return { count: ratios.length, spread: Math.sqrt(squares / (known.length - 1)) };
}
