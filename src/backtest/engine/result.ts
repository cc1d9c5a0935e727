import type { Benchmark } from '../benchmark.ts';
import type { BacktestMetrics } from '../metrics/backtest-metrics.ts';
import type { Sample, WeakMetrics } from '../metrics/sample.ts';
import type { LookAheadProof } from '../proof/look-ahead.ts';
import type { Passport } from '../proof/passport.ts';
import type { Params } from '../strategies/registry.ts';
import type { Trade, Unfilled } from './trading/trade.ts';

/** One backtest: what it earned, how, and the proof that it can be believed. */
export interface BacktestResult {
  readonly strategy: string;
  readonly params: Params;
  readonly metrics: BacktestMetrics;
  /** Why a metric is null. */
  readonly undefined: Readonly<Record<string, string>>;
  /** What the metrics rest on. */
  readonly sample: Sample;
  /** Why a metric that has a value rests on too little. */
  readonly weak: Readonly<WeakMetrics>;
  /** Of the Sharpe ratio, in its own unit; null where it has none. */
  readonly standardErrors: { readonly sharpe: number | null };
  /** Buying and holding on the same terms, and the market's own price as a forecaster. */
  readonly benchmark: Benchmark;
  readonly trades: readonly Trade[];
  /** Entries that the volume cap made smaller. */
  readonly cut: number;
  readonly unfilled: Readonly<Unfilled>;
  /** One value a bar, marked at its close; the last is the final equity. */
  readonly equity: Float64Array;
  /** The market's twin that the strategy looked at; null where it looked at none. */
  readonly twin: string | null;
  readonly lookAhead: LookAheadProof | null;
  /** Whether proof and passport cover everything that the result depends on. */
  readonly provable: boolean;
  /** Why not, one sentence each. */
  readonly notProvable: readonly string[];
  readonly passport: Passport;
}
