import { type Measured, undefinedBecause } from './measured.ts';
import type { Moments } from './moments.ts';

/** Annual volatility: std(r, ddof 1)·√A (empyrical `annual_volatility`). */
export const volatility = (returns: Moments, periodsPerYear: number): Measured =>
  returns.count < 2 ? undefinedBecause('needs at least two returns') : returns.deviation * Math.sqrt(periodsPerYear);
