import { type Measured, undefinedBecause } from './measured.ts';

/** Calmar ratio: cagr / |maxDrawdown| (Young 1991; empyrical). */
export function calmar(annualGrowth: Measured, drawdown: number): Measured {
  if (typeof annualGrowth !== 'number') return annualGrowth;
  return drawdown === 0 ? undefinedBecause('there is no drawdown') : annualGrowth / Math.abs(drawdown);
}
