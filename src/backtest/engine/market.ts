import type { FeeSchedule, Instrument, Resolution } from '../../contracts/market-data.ts';
import { PRESENT_MS } from '../../contracts/run/run-window.ts';
import type { MarketKind } from '../../contracts/words.ts';
import { resolutionAsOf } from './trading/settlement.ts';

/** What the engine has to know of the market behind a series. */
export interface Market {
  readonly kind: MarketKind;
  /** Smallest price step; null where unknown, then prices are not rounded. */
  readonly tickSize: number | null;
  /** Orders that would fill at or after this time die; UTC epoch milliseconds. */
  readonly closesAt: number | null;
  /** The end that was announced, which a strategy may know long before; null where none is. UTC epoch milliseconds. */
  readonly endsAt: number | null;
  /** Best prices of the book when it was last looked at. */
  readonly book: Instrument['book'];
  /** What the market paid. The engine uses it after the last bar only; a strategy never sees it. */
  readonly resolution: Resolution;
  readonly fees: FeeSchedule;
}

/** When a settled market paid: at its close, else when its result became known; -Infinity where neither is. UTC epoch milliseconds. */
export const paysAt = ({ closesAt, resolution }: Pick<Market, 'closesAt' | 'resolution'>): number =>
  closesAt ?? (resolution.kind === 'settled' ? resolution.at : null) ?? Number.NEGATIVE_INFINITY;

/** How many bars began before the market's close: what comes at it or after it foretells nothing, and nobody can trade on it. */
export const barsByClose = (openTime: Float64Array, { closesAt }: Pick<Market, 'closesAt'>): number => {
  const after = closesAt === null ? -1 : openTime.findIndex((time) => time >= closesAt);
  return after < 0 ? openTime.length : after;
};

/** An asset, or an open probability market, without fees. */
export const plainMarket = (kind: MarketKind, fees: FeeSchedule = { model: 'flat', rate: 0 }): Market => ({
  kind,
  tickSize: null,
  closesAt: null,
  endsAt: null,
  book: null,
  resolution: { kind: 'open' },
  fees,
});

/**
 * An instrument as it was known at `asOf`: open where it ended later, without a later book or resolution, with the terms of then as far
 * as a change of them was seen.
 */
export function instrumentAsOf(instrument: Instrument, asOf: number): Instrument {
  const { earlierTerms = [], book } = instrument;
  const { fees, tickSize } = earlierTerms.find(({ until }) => until > asOf) ?? instrument;
  const then = { ...instrument, fees, tickSize, book: book !== null && book.at - asOf > PRESENT_MS ? null : book };
  const { closedAt, seenClosedAt, ...facts } = then;
  const closedBy = Math.min(closedAt ?? instrument.closesAt ?? Number.NEGATIVE_INFINITY, seenClosedAt ?? Number.POSITIVE_INFINITY);
  if (!instrument.closed || closedBy <= asOf) return { ...then, resolution: resolutionAsOf(instrument.resolution, asOf) };
  return { ...facts, closed: false, closesAt: instrument.endsAt ?? null, resolution: { kind: 'open' } };
}

/**
 * The market of an instrument, as its source describes it. No fee schedule means no fees are known, so none are charged.
 * A planned end binds nobody: many markets trade on past it, so only one that has closed stops taking orders.
 */
export const marketOf = (instrument: Instrument): Market => ({
  kind: instrument.market,
  tickSize: instrument.tickSize,
  closesAt: instrument.closed ? (instrument.closedAt ?? instrument.closesAt) : null,
  // of a market that has closed the other time may be its real end, which nobody knew before
  endsAt: instrument.endsAt ?? (instrument.closed ? null : instrument.closesAt),
  book: instrument.book,
  resolution: instrument.resolution,
  fees: instrument.fees ?? { model: 'flat', rate: 0 },
});
