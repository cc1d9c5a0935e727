import type { BacktestMetrics } from '../metrics/backtest-metrics.ts';
import type { Sample, WeakMetrics } from '../metrics/sample.ts';
import type { LookAheadProof } from '../proof/look-ahead.ts';
import type { Passport } from '../proof/passport.ts';
import type { Params } from '../strategies/registry.ts';

/** How a trade ended: by a decision, by its stop or target, at the end of the data, by the market's resolution, by ruin, or not at all (marked). */
export type TradeEnd = 'signal' | 'stop' | 'target' | 'end' | 'settlement' | 'ruin' | 'mark';

/** A position, or the part of it that left at one bar: all parts have the position's entry (see {@link positionsOf}). */
export interface Trade {
  readonly entryBar: number;
  readonly exitBar: number;
  readonly side: 'long' | 'short';
  /** Units of what was bought; positive for shorts too. */
  readonly size: number;
  /** Price paid a unit: for a probability market's short the price of the first outcome at which the other was bought. */
  readonly entryPrice: number;
  readonly exitPrice: number;
  /** Net of `fees`. */
  readonly pnl: number;
  /** Of entry and exit. */
  readonly fees: number;
  readonly end: TradeEnd;
}

/** Orders that did not fill, or not at once, by reason; a reason that did not occur is absent. */
export interface Unfilled {
  /** After rounding the price lay beyond [tick, 1 − tick]. */
  beyondTick?: number;
  /** The volume cap left nothing for the entry. */
  noVolume?: number;
  /** Exits that did not fill at once: the volume cap held back a part, which went on at later bars or was closed at the end. */
  heldBack?: number;
  /** Orders whose time was over, or whose market closed, before they filled. */
  expired?: number;
}

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
  readonly trades: readonly Trade[];
  /** Entries that the volume cap made smaller. */
  readonly cut: number;
  readonly unfilled: Readonly<Unfilled>;
  /** One value a bar, marked at its close; the last is the final equity. */
  readonly equity: Float64Array;
  readonly lookAhead: LookAheadProof | null;
  readonly passport: Passport;
}
