import type { Benchmark } from '../benchmark.ts';
import type { BacktestMetrics } from '../metrics/backtest-metrics.ts';
import type { Sample, WeakMetrics } from '../metrics/sample.ts';
import type { LookAheadProof } from '../proof/look-ahead.ts';
import type { Passport } from '../proof/passport.ts';
import type { Params } from '../strategies/registry.ts';
import type { Trade, Unfilled } from './trading/trade.ts';

/** The result of one backtest: metrics, trades, equity, look-ahead proof and passport. */
export interface BacktestResult {
  readonly strategy: string;
  readonly params: Params;
  readonly metrics: BacktestMetrics;
  /** The reason for each metric that is null, by its name. */
  readonly undefined: Readonly<Record<string, string>>;
  /** Amount of data that the metrics rest on. */
  readonly sample: Sample;
  /** The reason for each metric that has a value but rests on too little data, by its name. */
  readonly weak: Readonly<WeakMetrics>;
  /** Standard error of the Sharpe ratio, in the ratio's unit; null if it is undefined. */
  readonly standardErrors: { readonly sharpe: number | null };
  /** Comparison with buying and holding on the same terms, and with the market's price as a forecaster. */
  readonly benchmark: Benchmark;
  readonly trades: readonly Trade[];
  /** Number of entries that the volume cap reduced. */
  readonly cut: number;
  readonly unfilled: Readonly<Unfilled>;
  /** Equity at each bar's close; the last value is the final equity. */
  readonly equity: Float64Array;
  /** Id of the market's twin that the strategy read; null if it read none. */
  readonly twin: string | null;
  readonly lookAhead: LookAheadProof | null;
  /** Whether the proof and the passport cover everything that the result depends on. */
  readonly provable: boolean;
  /** The reasons why the result is not provable, one sentence each. */
  readonly notProvable: readonly string[];
  readonly passport: Passport;
}
