import { type Measured, undefinedBecause } from './measured.ts';
import { type Moments, noRatio } from './moments.ts';

/**
 * Sharpe ratio: mean(r) / std(r, ddof 1) · √A, risk-free rate 0 (Sharpe 1994; empyrical with A = 252, quantstats, vectorbt).
 * Peers differ: backtesting.py divides a compounded annual return, Lean and freqtrade use other deviations.
 *
 * @param periodsPerYear A; 365 for daily returns of markets that never close
 */
export function sharpe(returns: Moments, periodsPerYear: number): Measured {
  const none = noRatio(returns);
  if (none !== undefined) return none;
  if (returns.deviation === 0) return undefinedBecause('the returns do not vary');
  return (returns.mean / returns.deviation) * Math.sqrt(periodsPerYear);
}
