import type { FeeSchedule, Instrument, Resolution } from '../../contracts/market-data.ts';
import type { MarketKind } from '../../contracts/words.ts';

/** What the engine has to know of the market behind a series. */
export interface Market {
  readonly kind: MarketKind;
  /** Smallest price step; null where unknown, then prices are not rounded. */
  readonly tickSize: number | null;
  /** Orders that would fill at or after this time die; UTC epoch milliseconds. */
  readonly closesAt: number | null;
  /** What the market paid. The engine uses it after the last bar only; a strategy never sees it. */
  readonly resolution: Resolution;
  readonly fees: FeeSchedule;
}

/** An asset, or an open probability market, without fees. */
export const plainMarket = (kind: MarketKind, fees: FeeSchedule = { model: 'flat', rate: 0 }): Market => ({
  kind,
  tickSize: null,
  closesAt: null,
  resolution: { kind: 'open' },
  fees,
});

/**
 * The market of an instrument, as its source describes it. No fee schedule means no fees are known, so none are charged.
 * A planned end binds nobody: many markets trade on past it, so only one that has closed stops taking orders.
 */
export const marketOf = (instrument: Instrument): Market => ({
  kind: instrument.market,
  tickSize: instrument.tickSize,
  closesAt: instrument.closed ? (instrument.endsBy ?? instrument.closesAt) : null,
  resolution: instrument.resolution,
  fees: instrument.fees ?? { model: 'flat', rate: 0 },
});
