import { type Measured, undefinedBecause } from './measured.ts';
import { type Moments, noRatio } from './moments.ts';

/**
 * Sortino ratio: mean(r)·A / (√mean(min(r, 0)²)·√A), target 0, with means over all returns (Sortino & Price 1994;
 * empyrical, quantstats, vectorbt).
 */
export function sortino(returns: Moments, periodsPerYear: number): Measured {
  const none = noRatio(returns);
  if (none !== undefined) return none;
  if (returns.downsideSquare === 0) return undefinedBecause('no return is below zero');
  return (returns.mean * periodsPerYear) / (Math.sqrt(returns.downsideSquare) * Math.sqrt(periodsPerYear));
}
