import { PredictLabError } from '../contracts/errors.ts';
import type { BacktestData } from './engine/backtest-data.ts';
import {
  attempt,
  type Decisions,
  decisionsOf,
  isShipped,
  type StartedDecisions,
  type StrategyFailure,
  startDecisions,
} from './engine/decisions.ts';
import { asStrategy, fenced, SIDE_BY_SIDE } from './engine/fence.ts';
import type { BacktestOptions } from './engine/options.ts';
import type { Trial } from './run-backtest.ts';

/** Decisions by trial, or the failure of its strategy. */
export type DecidedTrials = Map<Trial, Decisions | StrategyFailure>;

/** Number of decisions after which the generator yields, so that the caller can do other work. */
const STEP = 10_000;

/**
 * Runs the trials of users' strategies side by side: all of them decide on a bar before any of them sees the next one. So what one trial
 * leaves in its module is never newer than the bar that the others see. Trials of shipped strategies, which keep no state, are left out, as
 * is a user's trial if it is the only one.
 */
export function* decideSideBySide(data: BacktestData, trials: readonly Trial[], options: BacktestOptions): Generator<void, DecidedTrials> {
  const decided: DecidedTrials = new Map();
  const own = trials.filter(({ strategy }) => !isShipped(strategy));
  if (own.length < 2) return decided;
  const { candles, market, barMs, twin, indicators: cache } = data;
  const inputs = own.map((trial) => ({
    trial,
    input: { strategy: trial.strategy, params: trial.params, options: trial.options ?? options, candles, market, barMs, twin, cache },
  }));
  const started = inputs.map(({ trial, input }) => ({ trial, decisions: startDecisions(input), failed: false }));
  const decideTo = (bar: number): void => {
    // by index: this runs for every bar, and an iterator would allocate each time
    for (let i = 0; i < started.length; i++) {
      const one = started[i];
      if (one.failed) continue;
      try {
        one.decisions.decideTo(bar);
      } catch (error) {
        one.failed = true;
        decided.set(one.trial, one.decisions.failure(error));
      }
    }
  };
  const step = Math.max(1, Math.floor(STEP / own.length));
  for (let from = 0; from < candles.length; from += step) {
    const to = Math.min(candles.length, from + step);
    const changed = changesBuiltIn(() => {
      for (let bar = from + 1; bar <= to; bar++) decideTo(bar);
    });
    if (changed) {
      // runs the trials one after the other, which shows whose strategy changes the built-in
      cache.clear();
      for (const { trial, input } of inputs) {
        decided.set(
          trial,
          attempt(() => ({ ...decisionsOf(input), memoryGap: gapOf(trial) })),
        );
        yield;
      }
      return decided;
    }
    yield;
  }
  for (const { trial, decisions, failed } of started) if (!failed) decided.set(trial, endOf(trial, decisions));
  return decided;
}

function endOf({ strategy: { name } }: Trial, decisions: StartedDecisions): Decisions | StrategyFailure {
  try {
    return decisions.hasOrders() ? fenced(name, () => decisions.end()) : decisions.end();
  } catch (error) {
    return asStrategy(name, () => decisions.failure(error));
  }
}

/** Whether `decide` changes a built-in object of JavaScript; the built-in is restored. */
function changesBuiltIn(decide: () => void): boolean {
  try {
    fenced(SIDE_BY_SIDE, decide);
    return false;
  } catch (error) {
    if (error instanceof PredictLabError) return true;
    throw error;
  }
}

const gapOf = ({ strategy }: Trial): string =>
  `'${strategy.name}' was decided again after a strategy beside it had changed a built-in, and no re-run can see what it remembers; run it without the other`;
