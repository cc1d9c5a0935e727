import { badInput } from '../contracts/errors.ts';
import type { BacktestData } from './engine/backtest-data.ts';
import { attempt, StrategyFailure } from './engine/decisions.ts';
import type { BacktestOptions } from './engine/options.ts';
import { judgeOverfitting, type Overfitting } from './metrics/overfitting.ts';
import { trialsOf } from './metrics/ratios.ts';
import { type Passport, passportOf } from './proof/passport.ts';
import { type BacktestResult, execute, finish, type TradedTrial, type Trial } from './run-backtest.ts';
import { decideSideBySide } from './side-by-side.ts';
import type { Params } from './strategies/registry.ts';

/** Results of all trials on one series, judged together. */
export interface TrialsResult extends Overfitting {
  /** Results in the order of the trials; each `deflatedSharpe` takes all trials with a result into account. */
  readonly results: readonly BacktestResult[];
  /** Trials without a result, in the same order. They do not affect how the other trials are judged. */
  readonly failed: readonly FailedTrial[];
}

/** Maximum number of trials × bars in memory at once (one equity curve per trial): 400 MB. */
export const MAX_VALUES = 50_000_000;

/**
 * Runs many trials on one series with shared indicators and judges them together: by the deflated Sharpe ratio, which uses the Sharpe
 * ratios of all trials, and by the probability of backtest overfitting.
 * @throws PredictLabError BadInput when the grid is too large for the series, or every strategy fails on it
 */
export function runTrials(data: BacktestData, trials: readonly Trial[], options: BacktestOptions): TrialsResult {
  const judged = toEnd(trialSteps(data, trials, options));
  const [first] = judged.failed;
  if (judged.results.length === 0 && first !== undefined) throw badInput(first.because);
  return judged;
}

/** Runs {@link runTrials} one trial at a time, so that callers can do other work in between. Does not throw if every strategy fails. */
export function* trialSteps(data: BacktestData, trials: readonly Trial[], options: BacktestOptions): Generator<void, TrialsResult> {
  if (trials.length * data.candles.length > MAX_VALUES) {
    throw badInput(`${trials.length} trials on ${data.candles.length} bars are too many at once; split the grid`);
  }
  const executions: TradedTrial[] = [];
  const failures = new Map<Trial, StrategyFailure>();
  const decided = yield* decideSideBySide(data, trials, options);
  for (const trial of trials) {
    const executed = attempt(() => execute(data, trial, trial.options ?? options, decided.get(trial)));
    if (executed instanceof StrategyFailure) failures.set(trial, executed);
    else executions.push(executed);
    yield;
  }
  const ratios = executions.map(({ moments }) => (moments.deviation > 0 ? moments.mean / moments.deviation : Number.NaN));
  const together = trialsOf(ratios);
  const results: BacktestResult[] = [];
  for (const execution of executions) {
    const { trial } = execution;
    // the proof runs the strategy again, which may fail
    const result = attempt(() => finish(data, execution, trial.options ?? options, together));
    if (result instanceof StrategyFailure) failures.set(trial, result);
    else results.push(result);
    yield;
  }
  const failed = trials.flatMap((trial): FailedTrial[] => {
    const failure = failures.get(trial);
    if (failure === undefined) return [];
    const { strategy, params } = trial;
    const passport = passportOf({ data: data.hash, strategy, params, options: trial.options ?? options, trials: { count: 1 } });
    return [{ strategy: strategy.name, params, because: failure.message, passport }];
  });
  return { results, failed, ...judgeOverfitting(executions.map(({ returns }) => returns)) };
}

/** A trial without a result because its strategy failed on the series. */
export interface FailedTrial {
  readonly strategy: string;
  readonly params: Params;
  /** The reason, one sentence: the strategy, the bar if it reached one, and what is wrong. */
  readonly because: string;
  readonly passport: Passport;
}

/** Runs all steps of a generator and returns its result. */
export function toEnd<T>(steps: Generator<void, T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}
