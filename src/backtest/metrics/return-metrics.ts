import { DAY_MS } from '../../contracts/words.ts';
import { cagr, DAYS_PER_YEAR } from './cagr.ts';
import { calmar } from './calmar.ts';
import { deflatedSharpe } from './deflated-sharpe.ts';
import { maxDrawdown } from './max-drawdown.ts';
import { separate, undefinedBecause } from './measured.ts';
import { momentsOf } from './moments.ts';
import { probabilisticSharpe } from './probabilistic-sharpe.ts';
import { sharpe } from './sharpe.ts';
import { sortino } from './sortino.ts';
import { volatility } from './volatility.ts';

/** Returns of one series, oldest first. */
export interface ReturnSeries {
  /** Ends of the periods, UTC epoch milliseconds, rising. */
  readonly time: Float64Array;
  /** Fractions. Only the first may be NaN: then it is the start of the series, not a period. */
  readonly returns: Float64Array;
}

/**
 * Metrics of a return series.
 *
 * Years for `cagr` are calendar days/365.25, the first period counting as long as the usual one; with `periodsPerYear` given
 * they are rows/A (empyrical's `annual_return`, which counts an empty first row too).
 */
export function measureReturns({ time, returns }: ReturnSeries, options: { periodsPerYear?: number; trials?: number } = {}) {
  const periodsPerYear = options.periodsPerYear ?? 365;
  const periods = Number.isNaN(returns[0]) ? returns.subarray(1) : returns;
  const moments = momentsOf(periods);
  let growth = 1;
  const curve = periods.map((value) => {
    growth *= 1 + value;
    return growth;
  });
  const drawdown = maxDrawdown(1, curve);
  const years = options.periodsPerYear === undefined ? calendarDays(time, periods.length) / DAYS_PER_YEAR : returns.length / periodsPerYear;
  const annual = cagr(growth, years);
  return separate({
    totalReturn: growth - 1,
    cagr: annual,
    sharpe: sharpe(moments, periodsPerYear),
    sortino: sortino(moments, periodsPerYear),
    calmar: calmar(annual, drawdown),
    maxDrawdown: drawdown,
    volatility: volatility(moments, periodsPerYear),
    probabilisticSharpe: probabilisticSharpe(moments),
    deflatedSharpe:
      options.trials === undefined
        ? undefinedBecause('say how many were tried with --trials')
        : deflatedSharpe(moments, { count: options.trials }),
  });
}

/** From the first row's own start to the last row: where the first row is a period, it is as long as the median one. */
function calendarDays(time: Float64Array, periods: number): number {
  const span = (time[time.length - 1] - time[0]) / DAY_MS;
  if (periods < time.length) return span;
  const steps = time.slice(1).map((at, i) => at - time[i]);
  return steps.length === 0 ? 0 : span + steps.sort()[Math.floor(steps.length / 2)] / DAY_MS;
}
