import type { FeeModelName } from './fee-models.ts';
import type { MarketKind, SourceType, TickKind } from './words.ts';

/** A range of time in UTC epoch milliseconds; each use says whether its end is included. */
export interface TimeRange {
  readonly from: number;
  readonly to: number;
}

/** What a market's resolution pays per unit of its first outcome, or why it pays nothing yet. */
export type Resolution =
  | { readonly kind: 'open' }
  /** `payout` in [0, 1]: 1 = first outcome won, 0 = second won, 0.5 = void or 50-50, else scalar. `at` is when the payout became known. */
  | { readonly kind: 'settled'; readonly payout: number; readonly at: number | null }
  /** Closed without a final payout (both prices at 0, a dispute, only one sign): positions keep their last price and are not settled. */
  | { readonly kind: 'unresolved'; readonly reason: string };

/**
 * Signs of how a market ended. `status`: the venue calls the result final. `finalPrice`: the venue's last prices are a payoff.
 * `record`: the resolution record (the oracle's). `lastTrade`: the last trade is near a payoff. `result`: the venue names the outcome
 * that won. `priceRule`: the market's rule, applied to the start and end price. `twin`: the result of the same market at another venue.
 * `owner`: the user states the result of a file.
 */
export const SETTLEMENT_SIGNS = ['status', 'finalPrice', 'record', 'lastTrade', 'result', 'priceRule', 'twin', 'owner'] as const;

export interface SettlementSign {
  readonly sign: (typeof SETTLEMENT_SIGNS)[number];
  /** Payout per unit of the first outcome according to the sign; null for a sign without a payout (a status). */
  readonly payout: number | null;
  /** The venue's own words: `resolved`, `1/0`, `WON/LOST`. */
  readonly said: string;
  /** The venue says that the result is not final yet. */
  readonly pending?: true;
  /** The sign's number may be something else than a payout (a trade's price, a rounded price), so `status` does not confirm it. */
  readonly unsure?: true;
}

/**
 * How far the result of a closed market is known. `final`: two independent signs agree. `proposed`: they do not agree yet, and `missing`
 * says what is lacking. `tookBack`: the venue had a final result and withdrew it.
 */
export interface MarketSettlement {
  /** Payout per unit of the first outcome according to `signs`; null while no sign states a payout or signs contradict each other. */
  readonly payout: number | null;
  readonly signs: readonly SettlementSign[];
  readonly state: 'proposed' | 'final' | 'tookBack';
  /** What is lacking for a final result; absent when it is final. */
  readonly missing?: string;
}

/** The traded totals of a market since it opened, as the venue stated them when it was last queried. */
export interface StatedVolume {
  /** Sum of price times size in the venue's currency, or sum of sizes (see `unit`); null where the venue does not say. */
  readonly volume: number | null;
  /** What `volume` is the sum of. @default price times size */
  readonly unit?: 'sizes';
  /** Number of trades; null where the venue does not say. */
  readonly trades: number | null;
  /** The venue's clock at the answer; UTC epoch milliseconds. */
  readonly at: number;
}

/** The fee a venue charges takers of one market. */
export interface FeeSchedule {
  readonly model: FeeModelName;
  readonly rate: number;
  readonly exponent?: number;
  /** Step to which the fee of one order is rounded up. @default the rounding of the model */
  readonly roundUpTo?: number;
}

/** Markets of which exactly one resolves to its first outcome (negative risk). The prices of all of them add up to about 1. */
export interface ExclusiveGroup {
  /** The source type and the venue's own id of the group. */
  readonly id: string;
  /** How many markets the venue lists in the group; null if only a part of the event was queried. */
  readonly markets: number | null;
}

/** A market's fees, price step and announced end as they were before one of them changed. */
export interface EarlierTerms {
  /** When the change was first seen; UTC epoch milliseconds. */
  readonly until: number;
  readonly fees: FeeSchedule | null;
  readonly tickSize: number | null;
  /** The end of trading that was announced until then; null when none was. */
  readonly endsAt?: number | null;
}

/** How a market settles, in its venue's words; a field is absent where the venue says nothing. */
export interface SettlementTerms {
  /** What decides the result: a price feed, an agency, a league. */
  readonly source?: string;
  /** What the rules say about ties, exact strikes, and cancelled or postponed events. */
  readonly ties?: string;
  /** Time from the result to the payout. */
  readonly delaySeconds?: number;
  readonly mayCloseEarly?: boolean;
}

/** One binary market at one source (or one of the user's files). */
export interface Instrument {
  /** The source type and the venue's own id of the market, or the name of a file: `file:<name>`. */
  readonly id: string;
  readonly source: SourceType;
  readonly market: MarketKind;
  readonly title: string;
  /** The names of the two outcomes; prices are those of the first one. Empty for assets. */
  readonly outcomes: readonly string[];
  /** The venue's ids of the two outcomes (token ids, position ids, onChainIds), index-aligned with `outcomes`. */
  readonly outcomeIds: readonly string[];
  /** When trading began, and when it ended or is planned to end, where the venue says so; UTC epoch milliseconds. */
  readonly opensAt: number | null;
  readonly closesAt: number | null;
  /** The end of trading that the venue now announces, even if the market ended at another time; absent if none. UTC epoch milliseconds. */
  readonly endsAt?: number;
  /** When a run first saw the present `endsAt`; earlier ones are in `earlierTerms`. UTC epoch milliseconds. */
  readonly endsAtSeen?: number;
  /**
   * When trading of a closed market really ended: the close the venue states, else when a run first saw it closed; never an announced end.
   * Absent while the market is open. UTC epoch milliseconds.
   */
  readonly closedAt?: number;
  /** When a run first saw the market closed, by the venue's clock. */
  readonly seenClosedAt?: number;
  /** When a run first saw the present result of a settled market, by the venue's clock. */
  readonly settledFrom?: number;
  /** When a run saw the result again a day after `settledFrom` or later. A result that was old when first seen is confirmed at once. */
  readonly confirmedAt?: number;
  /** When the slug of this ended market was last looked up, in case the venue gave it to a new market; UTC epoch milliseconds. */
  readonly slugCheckedAt?: number;
  /** The last statement about the market's result that the venue withdrew, and `asOf` of the run that saw the withdrawal. */
  readonly tookBack?: { readonly asOf: number; readonly said: string };
  /** The venue calls the market closed: no more trades will come. */
  readonly closed: boolean;
  readonly resolution: Resolution;
  readonly settlement?: MarketSettlement;
  readonly settles?: SettlementTerms;
  /** What the venue says was traded; absent where it says nothing. */
  readonly stated?: StatedVolume;
  readonly fees: FeeSchedule | null;
  /** Smallest price step in force now. */
  readonly tickSize: number | null;
  /** Fees, price steps and announced ends that no longer apply, oldest first; absent where no change was seen. */
  readonly earlierTerms?: readonly EarlierTerms[];
  /** Ids of the same market at other venues, as this market's venue states them. */
  readonly twins: readonly string[];
  /** The group of markets to which this one belongs and of which exactly one wins; absent for a market without one. */
  readonly group?: ExclusiveGroup;
  /** The event whose markets resolve together: the source type and the venue's own id; absent if the venue names none. */
  readonly event?: string;
  /** The venue's category or first tag of the event; present where the listing of a universe states one. */
  readonly category?: string;
  /** The order book when it was last read. */
  readonly book: OrderBook | null;
  /** The place where a person finds the market: a slug, a URL, a path. */
  readonly reference: string;
}

/** Best prices of an order book, for the first outcome; null where a side is empty. */
export interface OrderBook {
  readonly bid: number | null;
  readonly ask: number | null;
  /** Units offered at the best prices; absent where the venue does not state them. */
  readonly bidSize?: number | null;
  readonly askSize?: number | null;
  readonly at: number;
}

/**
 * One row as a source delivered it, with prices of the first outcome. Nothing is dropped or clamped: unreadable fields are null, and
 * `defect` says why.
 */
export interface CandidateRow {
  readonly kind: TickKind;
  /** UTC epoch milliseconds. */
  readonly time: number | null;
  readonly price: number | null;
  readonly size: number | null;
  readonly side: 'buy' | 'sell' | null;
  /** The venue's name of the traded outcome, or its index if there is no name. */
  readonly outcome: string | null;
  /** The venue's own id of the trade, where it gives one. */
  readonly tradeId: string | null;
  /** What identifies the row within its instrument: the venue's id, else a hash of the content; equal rows of one page differ by `#n`. */
  readonly identity: string;
  /** The venue's original JSON text, or the file's original line. */
  readonly raw: string;
  /** Why the row cannot become a tick, found while reading it. */
  readonly defect: QuarantineReason | null;
  /** Spacing of price points in seconds; absent for trades, and where the source does not state it. */
  readonly grain?: number | null;
  /** Whether the venue states that the trade was agreed off its order book. @default false */
  readonly block?: boolean;
}

/** Why a row was put into quarantine; docs/candles.md says when each one is given. */
export const QUARANTINE_REASONS = ['not-finite', 'price-range', 'size-range', 'time-range', 'unknown-outcome', 'malformed'] as const;
export type QuarantineReason = (typeof QUARANTINE_REASONS)[number];

/** Marks on a tick that is stored although something about it is unusual. */
export const TICK_FLAGS = ['extreme-price', 'off-grid', 'outlier', 'block-trade'] as const;
export type TickFlag = (typeof TICK_FLAGS)[number];

/**
 * Ticks of one instrument and kind as columns, by time and then in the venue's own order, oldest first.
 * `size` is NaN where the tick has none; `buy` is 1 for buy, 0 for sell, 255 for unknown.
 */
export interface TickColumns {
  readonly length: number;
  readonly time: Float64Array;
  readonly price: Float64Array;
  readonly size: Float64Array;
  readonly buy: Uint8Array;
}

/** An event: markets that resolve together. */
export interface EventHead {
  readonly event: string;
  readonly markets: number;
  readonly closed: number;
  /** The next announced end of an open market, and the latest announced end of all markets; UTC epoch milliseconds. */
  readonly nextEnd: number | null;
  readonly lastEnd: number | null;
  readonly symbols: readonly string[];
  /** The titles that sort first and last, forwards and backwards: a beginning or ending that they share is shared by all titles. */
  readonly titles: readonly (string | null)[];
}
