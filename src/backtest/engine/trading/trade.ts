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
  /** Orders whose time was over, or whose market closed, before they filled; words that ask for another position than is held, too. */
  expired?: number;
}

/** What trading on a strategy's decisions led to. */
export interface Simulation {
  readonly trades: readonly Trade[];
  /** One value a bar, marked at its close; the last one after settlement or the closing of what was held. */
  readonly equity: Float64Array;
  /** Bars at whose close a position was held. */
  readonly barsHeld: number;
  /** Equity at the last close, before what was held was settled or closed. */
  readonly lastMark: number;
  /** Sum of size·price over all fills; settlements are not fills. */
  readonly notional: number;
  /** Entries that the volume cap made smaller. */
  readonly cut: number;
  readonly unfilled: Readonly<Unfilled>;
}
