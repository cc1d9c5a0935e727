import type { MarketKind, SourceType, TickKind } from './words.ts';

/** A half-open or closed range of time as stated where used; UTC epoch milliseconds. */
export interface TimeRange {
  readonly from: number;
  readonly to: number;
}

/** What a market's resolution pays per unit of its first outcome, or why it pays nothing yet. */
export type Resolution =
  | { readonly kind: 'open' }
  /** `payout` in [0, 1]: 1 = first outcome won, 0 = second won, 0.5 = void/50-50, else scalar. `at` is when it became known. */
  | { readonly kind: 'settled'; readonly payout: number; readonly at: number | null }
  /** Closed, but without a usable payoff (legacy zero-zero, disputed): marked, not settled. */
  | { readonly kind: 'unresolved'; readonly reason: string };

/** The fee a venue charges takers of one market; see `backtest/fees`. */
export interface FeeSchedule {
  readonly model: 'polymarket' | 'predict' | 'flat';
  /** polymarket: rate in C·rate·(p(1−p))^exponent; predict: rate in C·rate·min(p, 1−p); flat: fraction of notional. */
  readonly rate: number;
  readonly exponent?: number;
}

/**
 * Markets of one question of which one resolves to its first outcome (negative risk), so that their prices add up to about 1. A
 * symbol may have only some of them: those never add up to more.
 */
export interface ExclusiveGroup {
  /** `polymarket:<negRiskMarketID>`, `predict:<categorySlug>` */
  readonly id: string;
  /** How many markets the venue lists in it; null where it was not asked for the whole event. */
  readonly markets: number | null;
}

/** What a market asked of takers, and its grid, until it was seen to ask something else. */
export interface EarlierTerms {
  /** When the next ones were first seen; UTC epoch milliseconds. */
  readonly until: number;
  readonly fees: FeeSchedule | null;
  readonly tickSize: number | null;
}

/** One binary market at one source (or one of the user's files). */
export interface Instrument {
  /** `polymarket:<conditionId>`, `predict:<marketId>`, `file:<name>` */
  readonly id: string;
  readonly source: SourceType;
  readonly market: MarketKind;
  readonly title: string;
  /** The names of the two outcomes, first one priced. Empty for assets. */
  readonly outcomes: readonly string[];
  /** The venue's ids of the two outcomes (CLOB token ids, onChainIds), index-aligned with `outcomes`. */
  readonly outcomeIds: readonly string[];
  /** When trading began, and when it ended or is planned to end, where the venue says so; UTC epoch milliseconds. */
  readonly opensAt: number | null;
  readonly closesAt: number | null;
  /** The end that the venue announces, also of a market that ended earlier; absent where it announces none, and in what was stored before it was noted. */
  readonly plannedEnd?: number;
  /**
   * Of a closed market: no trade was made after this moment. The close that the venue itself states, else when it was first seen
   * closed by the venue's clock; never a planned end. Absent while it is open, and in what was stored before it was noted.
   */
  readonly endsBy?: number;
  /** Of a closed market: when a run first saw it closed, by the venue's clock. */
  readonly seenClosedAt?: number;
  /** Of a settled market: when a run first saw this result, by the venue's clock; absent in what was stored before it was noted. */
  readonly settledFrom?: number;
  /**
   * Of a settled market: when its result was seen to stand, a day or more after it was first seen; it is not asked for again. Its trades
   * are looked at once more after that moment.
   */
  readonly confirmedAt?: number;
  /** What the venue took back last of what it had said of the market's end, and the instant of the run that saw it. */
  readonly tookBack?: { readonly asOf: number; readonly said: string };
  /** The venue calls the market closed: no more trades will come. */
  readonly closed: boolean;
  readonly resolution: Resolution;
  readonly fees: FeeSchedule | null;
  /** Smallest price step in force now. */
  readonly tickSize: number | null;
  /** Fees and price steps before they were changed, oldest first; absent where no change was seen. */
  readonly earlierTerms?: readonly EarlierTerms[];
  /** Ids of the same market at other venues (`polymarketConditionIds`). */
  readonly twins: readonly string[];
  /** The group of which only one market wins; absent for markets of none, and for what was stored before groups were read. */
  readonly group?: ExclusiveGroup;
  /** Mid and spread of the book when last looked at. */
  readonly book: { readonly bid: number | null; readonly ask: number | null; readonly at: number } | null;
  /** Where a reader finds the market: a slug, a URL, a path. */
  readonly reference: string;
}

/**
 * One row as a source delivered it, parsed but not judged. Fields that could not be read are null and `defect` says why;
 * nothing is dropped or clamped here. Prices are already those of the instrument's first outcome.
 */
export interface CandidateRow {
  readonly kind: TickKind;
  /** UTC epoch milliseconds. */
  readonly time: number | null;
  readonly price: number | null;
  readonly size: number | null;
  readonly side: 'buy' | 'sell' | null;
  /** The venue's name of what was traded, its index where there is no name. */
  readonly outcome: string | null;
  /** The venue's own id of the trade, where it gives one. */
  readonly tradeId: string | null;
  /** Identity within the instrument: the venue's id, else a hash of the content; copies inside one page differ by `#n`. */
  readonly identity: string;
  /** The venue's original JSON text, or the file's original line. */
  readonly raw: string;
  /** Why the row cannot become a tick, found while reading it. */
  readonly defect: QuarantineReason | null;
  /** How many seconds a price point stands for; absent for trades, and where nobody says. */
  readonly grain?: number | null;
}

/** Why a row was put into quarantine; docs/candles.md says when each one is given. */
export const QUARANTINE_REASONS = ['not-finite', 'price-range', 'size-range', 'time-range', 'unknown-outcome', 'malformed'] as const;
export type QuarantineReason = (typeof QUARANTINE_REASONS)[number];

/** Flags keep a row and say what is unusual about it. */
export const TICK_FLAGS = ['extreme-price', 'off-grid', 'outlier'] as const;
export type TickFlag = (typeof TICK_FLAGS)[number];

/**
 * Ticks of one instrument and kind in canonical order (time, then the venue's own order, oldest first), as columns.
 * `size` is NaN where the tick has none; `buy` is 1 for buy, 0 for sell, 255 for unknown.
 */
export interface TickColumns {
  readonly length: number;
  readonly time: Float64Array;
  readonly price: Float64Array;
  readonly size: Float64Array;
  readonly buy: Uint8Array;
}
