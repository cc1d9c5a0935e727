import { StrategyFailure } from './engine/decisions.ts';
import type { Passport } from './proof/passport.ts';
import type { Params } from './strategies/registry.ts';

/** A trial that has no result, since its strategy failed on the series. */
export interface FailedTrial {
  readonly strategy: string;
  readonly params: Params;
  /** One sentence: the strategy, the bar where it has come to one, and what is wrong. */
  readonly because: string;
  /** Of what it was tried on, and how. */
  readonly passport: Passport;
}

/** What a trial came to, or its strategy's own failure. @throws whatever else goes wrong */
export function attempt<T>(run: () => T): T | StrategyFailure {
  try {
    return run();
  } catch (error) {
    if (error instanceof StrategyFailure) return error;
    throw error;
  }
}
