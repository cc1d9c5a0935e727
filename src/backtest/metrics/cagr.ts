import { type Measured, undefinedBecause } from './measured.ts';

/** Days of a calendar year; the year of `cagr` and `turnover`. */
export const DAYS_PER_YEAR = 365.25;

/**
 * Compound annual growth rate: growth^(1/years) − 1, growth = end/start. Years are days/365.25 of the calendar for a
 * backtest (backtesting.py); periods/A reproduces empyrical's `annual_return`.
 */
export function cagr(growth: number, years: number): Measured {
  if (!(years > 0)) return undefinedBecause('the series spans no time');
  return growth ** (1 / years) - 1;
}
