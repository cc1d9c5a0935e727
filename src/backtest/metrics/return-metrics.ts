import { DAY_MS } from '../../contracts/words.ts';
import { cagr, DAYS_PER_YEAR } from './cagr.ts';
import { calmar } from './calmar.ts';
import { deflatedSharpe } from './deflated-sharpe.ts';
import { maxDrawdown } from './max-drawdown.ts';
import { separate, undefinedBecause } from './measured.ts';
import { momentsOf } from './moments.ts';
import { type PeriodsPerYear, periodsPerYearOf } from './periods-per-year.ts';
import { probabilisticSharpe } from './probabilistic-sharpe.ts';
import { type WeakMetrics, weakMetrics } from './sample.ts';
import { sharpe } from './sharpe.ts';
import { sharpeError } from './sharpe-error.ts';
import { sortino } from './sortino.ts';
import { volatility } from './volatility.ts';

/** Returns of one series, oldest first. */
export interface ReturnSeries {
  /** Ends of the periods, UTC epoch milliseconds, rising. */
  readonly time: Float64Array;
  /** Returns as fractions. Only the first may be NaN; it then marks the start of the series and is not a period. */
  readonly returns: Float64Array;
}

/** Names of the metrics that can be computed from returns alone. */
export type ReturnMetricName =
  | 'totalReturn'
  | 'cagr'
  | 'sharpe'
  | 'sortino'
  | 'calmar'
  | 'maxDrawdown'
  | 'volatility'
  | 'probabilisticSharpe'
  | 'deflatedSharpe';

/** Metrics of a return series, and the amount of data that they rest on. */
export interface ReturnMeasurement {
  readonly values: Record<ReturnMetricName, number | null>;
  /** The reason for each value that is null, by its name. */
  readonly reasons: Partial<Record<ReturnMetricName, string>>;
  readonly sample: { readonly returns: number /** Calendar days that the returns span. */; readonly days: number };
  /** The reason for each value that rests on too little data, by its name. */
  readonly weak: WeakMetrics;
  readonly standardErrors: { readonly sharpe: number | null };
  /** The factor A of every annualised ratio. */
  readonly periodsPerYear: PeriodsPerYear;
}

/**
 * Computes the metrics of a return series.
 *
 * Years for `cagr` are calendar days/365.25, where the first period is taken to be as long as the median one. With `periodsPerYear` they are
 * rows/A (empyrical's `annual_return`, which counts an empty first row too). Without `periodsPerYear` A follows from the times
 * ({@link periodsPerYearOf}).
 */
export function measureReturns(
  { time, returns }: ReturnSeries,
  options: { readonly periodsPerYear?: number | undefined; readonly trials?: number | undefined } = {},
): ReturnMeasurement {
  const assumed: PeriodsPerYear =
    options.periodsPerYear === undefined ? periodsPerYearOf(time) : { value: options.periodsPerYear, from: 'what was given' };
  const periodsPerYear = assumed.value;
  const periods = Number.isNaN(returns[0]) ? returns.subarray(1) : returns;
  const moments = momentsOf(periods);
  let growth = 1;
  const curve = periods.map((value) => {
    growth *= 1 + value;
    return growth;
  });
  const drawdown = maxDrawdown(1, curve);
  const days = calendarDays(time, periods.length);
  const years = options.periodsPerYear === undefined ? days / DAYS_PER_YEAR : returns.length / periodsPerYear;
  const annual = periods.length < 2 ? undefinedBecause('needs at least two returns') : cagr(growth, years);
  const { values, reasons } = separate({
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
  const error = sharpeError(moments, periodsPerYear);
  return {
    values,
    reasons,
    sample: { returns: periods.length, days: Math.floor(days * 100) / 100 },
    weak: weakMetrics(values, { returns: periods.length, nonZero: moments.nonZero, days, unit: 'return' }),
    standardErrors: { sharpe: typeof error === 'number' ? error : null },
    periodsPerYear: assumed,
  };
}

/** Calendar days from the start of the first period to the last row. A first row that is a period is taken to be as long as the median one. */
function calendarDays(time: Float64Array, periods: number): number {
  const span = (time[time.length - 1] - time[0]) / DAY_MS;
  if (periods < time.length) return span;
  const steps = time.slice(1).map((at, i) => at - time[i]);
  return steps.length === 0 ? 0 : span + steps.sort()[Math.floor(steps.length / 2)] / DAY_MS;
}
