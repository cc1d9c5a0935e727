import { PredictLabError } from '../contracts/errors.ts';
import type { BacktestData } from './engine/backtest-data.ts';
import type { BacktestOptions } from './engine/options.ts';
import type { BacktestResult } from './engine/result.ts';
import { trialsOf } from './metrics/deflated-sharpe.ts';
import { judgeOverfitting, type Overfitting } from './metrics/overfitting.ts';
import { execute, finish, type TradedTrial, type Trial } from './run-backtest.ts';
import { toEnd } from './to-end.ts';

/** All trials on one series, judged together. */
export interface TrialsResult extends Overfitting {
  /** In the order of the trials; each one's `deflatedSharpe` is over all of them. */
  readonly results: readonly BacktestResult[];
}

/** Trials × bars that are kept in memory at once (an equity curve each): 400 MB. */
export const MOST_VALUES = 50_000_000;

/**
 * Runs many trials on one series, sharing indicators, and judges them together: the deflated Sharpe ratio over the trials'
 * own Sharpe ratios, and the probability of backtest overfitting.
 *
 * @throws PredictLabError BadInput when the grid is too large for the series
 */
export function runTrials(data: BacktestData, trials: readonly Trial[], options: BacktestOptions): TrialsResult {
  return toEnd(trialSteps(data, trials, options));
}

/** {@link runTrials} in steps of one trial, for a caller that has other things to do in between. */
export function* trialSteps(data: BacktestData, trials: readonly Trial[], options: BacktestOptions): Generator<void, TrialsResult> {
  if (trials.length * data.candles.length > MOST_VALUES) {
    throw new PredictLabError('BadInput', `${trials.length} trials on ${data.candles.length} bars are too many at once; split the grid`);
  }
  const executions: TradedTrial[] = [];
  for (const trial of trials) {
    executions.push(execute(data, trial, trial.options ?? options));
    yield;
  }
  const ratios = executions.map(({ moments }) => (moments.deviation > 0 ? moments.mean / moments.deviation : Number.NaN));
  const together = trialsOf(ratios);
  const results: BacktestResult[] = [];
  for (const execution of executions) {
    results.push(finish(data, execution, execution.trial.options ?? options, together));
    yield;
  }
  return { results, ...judgeOverfitting(executions.map(({ returns }) => returns)) };
}
