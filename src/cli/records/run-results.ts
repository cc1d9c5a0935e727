import type { ComparableResult } from '../../backtest/proof/compare-results.ts';
import type { Passport } from '../../backtest/proof/passport.ts';
import { storedParams } from '../../backtest/record/params-order.ts';
import type { StoredBacktest } from '../../storage/backtests/backtests.ts';

/** A stored backtest that can be compared with that of another run. */
export interface ComparedBacktest extends ComparableResult {
  readonly of: StoredBacktest;
}

/** A stored backtest as it is compared. */
export const runResult = (one: StoredBacktest): ComparedBacktest => ({
  series: [one.symbol, one.instrument, one.priceType, one.interval].join(' '),
  strategy: one.strategy,
  params: JSON.stringify(Object.entries(one.params).sort(([a], [b]) => (a < b ? -1 : 1))),
  metrics: one.metrics,
  passport: one.passport as unknown as Passport,
  of: { ...one, params: storedParams(one) },
});
