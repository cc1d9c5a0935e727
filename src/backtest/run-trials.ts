import { PredictLabError } from '../contracts/errors.ts';
import type { BacktestData } from './backtest-data.ts';
import { trialsOf } from './metrics/deflated-sharpe.ts';
import { probabilityOfOverfitting } from './metrics/overfitting.ts';
import type { BacktestOptions } from './options.ts';
import type { BacktestResult } from './result.ts';
import { execute, finish, type Trial } from './run-backtest.ts';

/** All trials on one series, judged together. */
export interface TrialsResult {
  /** In the order of the trials; each one's `deflatedSharpe` is over all of them. */
  readonly results: readonly BacktestResult[];
  /** Probability of backtest overfitting, in [0, 1], or null and why. */
  readonly overfitting: number | null;
  readonly overfittingUndefined?: string;
}

/** Trials × bars that are kept in memory at once (an equity curve each): 400 MB. */
const MOST_VALUES = 50_000_000;

/**
 * Runs many trials on one series, sharing indicators, and judges them together: the deflated Sharpe ratio over the trials'
 * own Sharpe ratios, and the probability of backtest overfitting.
 *
 * @throws PredictLabError BadInput when the grid is too large for the series
 */
export function runTrials(data: BacktestData, trials: readonly Trial[], options: BacktestOptions): TrialsResult {
  if (trials.length * data.candles.length > MOST_VALUES) {
    throw new PredictLabError('BadInput', `${trials.length} trials on ${data.candles.length} bars are too many at once; split the grid`);
  }
  const executions = trials.map((trial) => execute(data, trial, options));
  const ratios = executions.map(({ moments }) => (moments.deviation > 0 ? moments.mean / moments.deviation : Number.NaN));
  const together = trialsOf(ratios);
  const results = executions.map((execution) => finish(data, execution, options, together));
  const overfitting = probabilityOfOverfitting(executions.map(({ returns }) => returns));
  return typeof overfitting === 'number'
    ? { results, overfitting }
    : { results, overfitting: null, overfittingUndefined: overfitting.because };
}
