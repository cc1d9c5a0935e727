import { DAY_MS } from '../../contracts/words.ts';
import { cagr, DAYS_PER_YEAR, maxDrawdown } from './curve-metrics.ts';
import { separate, undefinedBecause } from './measured.ts';
import { calmar, deflatedSharpe, momentsOf, probabilisticSharpe, sharpe, sharpeError, sortino, volatility } from './ratios.ts';
import { type WeakMetrics, weakMetrics } from './sample.ts';

export interface ReturnSeries {
  /** Ends of the periods, UTC epoch milliseconds, rising. */
  readonly time: Float64Array;
  /** Returns as fractions. Only the first may be NaN; it then marks the start of the series and is not a period. */
  readonly returns: Float64Array;
}

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
  /** The reason why a value is null, by the value's name. */
  readonly reasons: Partial<Record<ReturnMetricName, string>>;
  readonly sample: { readonly returns: number /** Calendar days that the returns span. */; readonly days: number };
  /** The reason why a value rests on too little data, by the value's name. */
  readonly weak: WeakMetrics;
  readonly standardErrors: { readonly sharpe: number | null };
  /** The factor A of every annualised ratio. */
  readonly periodsPerYear: PeriodsPerYear;
}

/**
 * Metrics of a return series. Years for `cagr` are calendar days/365.25 (the first period counts as long as the median one); with
 * `periodsPerYear` they are rows/A (empyrical's `annual_return`, which also counts an empty first row).
 * @default A follows from the times ({@link periodsPerYearOf})
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

/** Calendar days from the start of the first period, which counts as long as the median one, to the last row. */
function calendarDays(time: Float64Array, periods: number): number {
  const span = (time[time.length - 1] - time[0]) / DAY_MS;
  if (periods < time.length) return span;
  const steps = time.slice(1).map((at, i) => at - time[i]);
  return steps.length === 0 ? 0 : span + steps.sort()[Math.floor(steps.length / 2)] / DAY_MS;
}

export interface PeriodsPerYear {
  readonly value: number;
  /** Source of the value for display: `the step of 1 day between rows`. */
  readonly from: string;
}

const YEAR_DAYS = 365;

/**
 * Number of periods of a return series in a year of 365 days: from equal steps (days 365, hours 8760, weeks 52.14), else (exchange days,
 * months) rows over the time they span. @param time ends of the periods, UTC epoch milliseconds, rising
 */
export function periodsPerYearOf(time: Float64Array): PeriodsPerYear {
  if (time.length < 2) return { value: YEAR_DAYS, from: 'nothing: one row has no step, days are assumed' };
  const step = time[1] - time[0];
  const span = time[time.length - 1] - time[0];
  const equal = time.every((at, i) => i === 0 || at - time[i - 1] === step);
  if (equal) return { value: (YEAR_DAYS * DAY_MS) / step, from: `the step of ${duration(step)} between rows` };
  const value = ((time.length - 1) * YEAR_DAYS * DAY_MS) / span;
  return { value, from: `${time.length} rows in ${duration(span)}: the steps between them differ` };
}

function duration(ms: number): string {
  for (const [unit, length] of [
    ['day', DAY_MS],
    ['hour', 3_600_000],
    ['minute', 60_000],
    ['second', 1000],
  ] as const) {
    if (ms >= length) {
      const number = Math.round((ms / length) * 100) / 100;
      return `${number} ${unit}${number === 1 ? '' : 's'}`;
    }
  }
  return `${ms} ms`;
}
