import {
  type CalibrationBin,
  calibration,
  calibrationError,
  calibrationOfMarkets,
  marketForecasts,
} from '../backtest/metrics/calibration.ts';
import { brier, logLoss } from '../backtest/metrics/forecast-scores.ts';
import { measureReturns, type ReturnMeasurement, type ReturnMetricName } from '../backtest/metrics/return-metrics.ts';
import { weakScores } from '../backtest/metrics/sample.ts';
import { badInput } from '../contracts/errors.ts';
import { checkFields } from '../contracts/known-fields.ts';
import { DAY_MS } from '../contracts/words.ts';
import { type Moment, momentOf, numberAt } from './moment.ts';

/** Metrics of a return series; one that is not defined is null. `undefined` says why, and `weak` says which rest on too little data. */
export interface ReturnMetrics
  extends Readonly<Record<ReturnMetricName, number | null>>,
    Pick<ReturnMeasurement, 'sample' | 'weak' | 'standardErrors' | 'periodsPerYear'> {
  readonly returns: number;
  readonly undefined: Readonly<Partial<Record<ReturnMetricName, string>>>;
}

export interface ForecastMetrics {
  readonly forecasts: number;
  /** Brier score: mean((p − y)²); 0 is perfect. */
  readonly brier: number;
  /** Logarithmic loss: −mean(y·ln p + (1 − y)·ln(1 − p)). */
  readonly logLoss: number;
  /** Expected calibration error. */
  readonly calibrationError: number;
  /** For each score that rests on too little data, the reason under the score's name. */
  readonly weak: Readonly<Record<string, string>>;
  readonly calibration: readonly CalibrationBin[];
}

const YEAR_DAYS = 365;

/**
 * Metrics for returns and forecasts from any source, as in backtests. Definitions: docs/backtest.md.
 *
 * @example
 * const { sharpe, weak } = metrics.ofReturns([0.01, -0.004, 0.002], { trials: 20 });
 * const { brier, calibration } = metrics.ofForecasts([0.7, 0.2], [1, 0]);
 */
export const metrics = {
  /**
   * Computes Sharpe ratio, Sortino ratio, drawdown and others of a return series, with ratios scaled to `periodsPerYear`.
   *
   * @param returns fractions (0.01 = 1%), oldest first
   * @param options.times ends of the periods. @default equal steps of 1/`periodsPerYear` years
   * @param options.periodsPerYear number of periods in a year. @default derived from the times, 365 without times
   * @param options.trials number of strategies tried, for the deflated Sharpe ratio
   * @throws PredictLabError BadInput
   * @example
   * const { sharpe, standardErrors, weak } = metrics.ofReturns(daily, { times });
   */
  ofReturns(
    returns: ArrayLike<number>,
    options: { readonly times?: readonly Moment[]; readonly periodsPerYear?: number; readonly trials?: number } = {},
  ): ReturnMetrics {
    checkFields('options', options, ['times', 'periodsPerYear', 'trials']);
    const { times, periodsPerYear, trials } = options;
    if (returns.length === 0) throw badInput('returns: the list is empty; give at least one');
    if (times !== undefined && times.length !== returns.length)
      throw badInput(`times: there are ${times.length} for ${returns.length} returns; give one for each return`);
    if (periodsPerYear !== undefined && !(periodsPerYear > 0 && Number.isFinite(periodsPerYear)))
      throw badInput(`periodsPerYear: ${periodsPerYear} is not a positive number; daily returns have 365`);
    if (trials !== undefined && !(Number.isInteger(trials) && trials >= 1))
      throw badInput(`trials: ${trials} is not a whole number of 1 or more`);
    const step = (YEAR_DAYS * DAY_MS) / (periodsPerYear ?? YEAR_DAYS);
    const time = Float64Array.from(returns, (_, i) => (times === undefined ? i * step : momentOf(times[i], `times[${i}]`)));
    const unsorted = time.findIndex((at, i) => i > 0 && at <= time[i - 1]);
    if (unsorted >= 0) throw badInput(`times[${unsorted}]: not later than the previous time; sort the returns by time`);
    const series = { time, returns: Float64Array.from(returns, (value, i) => numberAt(value, `returns[${i}]`)) };
    const { values, reasons, ...measured } = measureReturns(series, { periodsPerYear, trials });
    return { returns: returns.length, ...values, undefined: reasons, ...measured };
  },

  /**
   * Computes Brier score, log loss and calibration of forecasts in [0, 1] that each have their own outcome, 0 or 1.
   * @throws PredictLabError BadInput
   * @example
   * const { brier, calibrationError } = metrics.ofForecasts([0.7, 0.2, 0.9], [1, 0, 1]);
   */
  ofForecasts(forecasts: ArrayLike<number>, outcomes: ArrayLike<number>): ForecastMetrics {
    if (forecasts.length === 0 || forecasts.length !== outcomes.length)
      throw badInput(
        `outcomes: there are ${outcomes.length} for ${forecasts.length} forecasts; give one for each forecast, and at least one`,
      );
    const probability = Float64Array.from(forecasts, (value, i) => between(value, `forecasts[${i}]`));
    const outcome = Float64Array.from(outcomes, (value, i) => zeroOrOne(value, `outcomes[${i}]`));
    const table = calibration(probability, outcome);
    return {
      forecasts: probability.length,
      brier: brier(probability, outcome),
      logLoss: logLoss(probability, outcome),
      calibrationError: calibrationError(table),
      weak: weakScores(probability.length),
      calibration: table,
    };
  },

  /**
   * Computes the calibration of markets by their prices. The intervals rest on events, not on prices: all prices of a market share its
   * outcome, and markets of one `event` resolve together.
   * @throws PredictLabError BadInput
   * @example
   * const table = metrics.ofMarkets([{ prices: [0.6, 0.7], outcome: 1 }, { prices: [0.3, 0.2], outcome: 0 }]);
   */
  ofMarkets: (
    markets: readonly { readonly prices: ArrayLike<number>; readonly outcome: number; readonly event?: string }[],
  ): CalibrationBin[] =>
    calibrationOfMarkets(
      markets.map(({ prices, outcome, event }, market) =>
        marketForecasts(
          Float64Array.from(prices, (value, i) => between(value, `markets[${market}].prices[${i}]`)),
          zeroOrOne(outcome, `markets[${market}].outcome`),
          event,
        ),
      ),
    ),
} as const;

function between(value: number, where: string): number {
  if (!(value >= 0 && value <= 1)) throw badInput(`${where}: ${String(value)} is not a probability; give 0 to 1`);
  return value;
}

function zeroOrOne(value: number, where: string): number {
  if (value !== 0 && value !== 1) throw badInput(`${where}: ${String(value)} is not an outcome; give 0 or 1`);
  return value;
}
