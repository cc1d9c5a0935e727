import { type Measured, undefinedBecause } from './measured.ts';

/** Days per calendar year; used by `cagr` and `turnover`. */
export const DAYS_PER_YEAR = 365.25;

/**
 * Compound annual growth rate: growth^(1/years) − 1, growth = end/start. For a backtest, years = calendar days/365.25
 * (backtesting.py); years = periods/A reproduces empyrical's `annual_return`.
 */
export function cagr(growth: number, years: number): Measured {
  if (!(years > 0)) return undefinedBecause('the series spans no time');
  return growth ** (1 / years) - 1;
}
