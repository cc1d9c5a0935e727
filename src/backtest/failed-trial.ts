import { StrategyFailure } from './engine/decisions.ts';
import type { Passport } from './proof/passport.ts';
import type { Params } from './strategies/registry.ts';

/** A trial without a result because its strategy failed on the series. */
export interface FailedTrial {
  readonly strategy: string;
  readonly params: Params;
  /** The reason, one sentence: the strategy, the bar if it reached one, and what is wrong. */
  readonly because: string;
  /** Passport of the trial's inputs. */
  readonly passport: Passport;
}

/** Runs a trial and returns its result, or the strategy's failure. @throws every other error */
export function attempt<T>(run: () => T): T | StrategyFailure {
  try {
    return run();
  } catch (error) {
    if (error instanceof StrategyFailure) return error;
    throw error;
  }
}
