import { type Measured, undefinedBecause } from './measured.ts';

/** Turnover: Σ |size·price| of all fills / mean equity / years, the number of times per year that the whole account is traded. */
export function turnover({ notional, equity, years }: { notional: number; equity: Float64Array; years: number }): Measured {
  if (!(years > 0)) return undefinedBecause('the series spans no time');
  let sum = 0;
  for (let i = 0; i < equity.length; i++) sum += equity[i];
  return notional === 0 ? 0 : notional / (sum / equity.length) / years;
}
