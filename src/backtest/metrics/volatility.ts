import type { Measured } from './measured.ts';
import { type Moments, noRatio } from './moments.ts';

/** Annual volatility: std(r, ddof 1)·√A (empyrical `annual_volatility`). */
export const volatility = (returns: Moments, periodsPerYear: number): Measured =>
  noRatio(returns) ?? returns.deviation * Math.sqrt(periodsPerYear);
