import type { FeeSchedule, Instrument, Resolution } from '../../contracts/market-data.ts';
import { PRESENT_MS } from '../../contracts/run/run-window.ts';
import type { MarketKind } from '../../contracts/words.ts';
import { resolutionAsOf } from './trading/settlement.ts';

/** What the engine has to know of the market behind a series. */
export interface Market {
  readonly kind: MarketKind;
  /** Smallest price step; null where unknown, then prices are not rounded. */
  readonly tickSize: number | null;
  /** When the market really closed: orders that would fill at or after it die, and no strategy knows it before. UTC epoch milliseconds. */
  readonly closesAt: number | null;
  /** The end that was announced last, which a strategy may know long before; null where none is. UTC epoch milliseconds. */
  readonly endsAt: number | null;
  /** Ends that were announced before, oldest first, each until the next one was announced. @default none */
  readonly earlierEnds?: readonly AnnouncedEnd[];
  /** Nobody said which end was announced: `endsAt` is the real close, known too early perhaps. @default false */
  readonly endIsClose?: boolean;
  /** What resolves together with others, as one draw. @default the market alone */
  readonly event?: string | null;
  /** Best prices of the book when it was last looked at. */
  readonly book: Instrument['book'];
  /** What the market paid. The engine uses it after the last bar only; a strategy never sees it. */
  readonly resolution: Resolution;
  readonly fees: FeeSchedule;
}

/** An announced end, null for none, and when another took its place; UTC epoch milliseconds. */
export interface AnnouncedEnd {
  readonly until: number;
  readonly endsAt: number | null;
}

/** The end that was announced by `time`; null where none was. UTC epoch milliseconds. */
export function announcedEnd({ endsAt, earlierEnds = [] }: Pick<Market, 'endsAt' | 'earlierEnds'>, time: number): number | null {
  const then = earlierEnds.find(({ until }) => until > time);
  return then === undefined ? endsAt : then.endsAt;
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

/** What the owner of a series states of its market; times are UTC epoch milliseconds. */
export interface StatedFacts {
  readonly resolution?: number | undefined;
  /** One time for both ends, where nobody says which end was announced. */
  readonly closesAt?: number | undefined;
  readonly endsAt?: number | undefined;
  readonly earlierEnds?: readonly AnnouncedEnd[];
  readonly closedAt?: number | undefined;
  readonly event?: string | undefined;
  readonly fees?: FeeSchedule | undefined;
  readonly tick?: number | undefined;
}

/** The market that its owner describes. */
export const marketOfFacts = (
  kind: MarketKind,
  { resolution, closesAt, endsAt, earlierEnds, closedAt, event, fees, tick }: StatedFacts,
): Market => ({
  ...plainMarket(kind, fees),
  tickSize: tick ?? null,
  closesAt: closedAt ?? closesAt ?? null,
  endsAt: endsAt ?? closesAt ?? null,
  ...(earlierEnds !== undefined && { earlierEnds }),
  ...(closesAt !== undefined && endsAt === undefined && { endIsClose: true }),
  ...(event !== undefined && { event }),
  resolution: resolution === undefined ? { kind: 'open' } : { kind: 'settled', payout: resolution, at: null },
});

/**
 * An instrument as it was known at `asOf`: open where it ended later, without a later book or resolution, with the terms of then as far
 * as a change of them was seen.
 */
export function instrumentAsOf(instrument: Instrument, asOf: number): Instrument {
  const { earlierTerms = [], book } = instrument;
  const earlier = earlierTerms.find(({ until }) => until > asOf);
  const { fees, tickSize } = earlier ?? instrument;
  const known = { ...instrument, ...(earlier !== undefined && 'endsAt' in earlier && { endsAt: earlier.endsAt ?? undefined }) };
  const then = {
    ...known,
    fees,
    tickSize,
    earlierTerms: earlierTerms.filter(({ until }) => until <= asOf),
    book: book !== null && book.at - asOf > PRESENT_MS ? null : book,
  };
  const { closedAt, seenClosedAt, ...facts } = then;
  const closedBy = Math.min(closedAt ?? instrument.closesAt ?? Number.NEGATIVE_INFINITY, seenClosedAt ?? Number.POSITIVE_INFINITY);
  if (!instrument.closed || closedBy <= asOf) return { ...then, resolution: resolutionAsOf(instrument.resolution, asOf) };
  return { ...facts, closed: false, closesAt: known.endsAt ?? null, resolution: { kind: 'open' } };
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
  ...endsBefore(instrument),
  ...(instrument.event !== undefined && { event: instrument.event }),
  book: instrument.book,
  resolution: instrument.resolution,
  fees: instrument.fees ?? { model: 'flat', rate: 0 },
});

/** Ends that were announced before the last one; and whether the owner of a file named only when its market closed. */
function endsBefore({ source, endsAt, closedAt, earlierTerms = [] }: Instrument): Pick<Market, 'earlierEnds' | 'endIsClose'> {
  const ends = earlierTerms.flatMap((term) => (term.endsAt === undefined ? [] : [{ until: term.until, endsAt: term.endsAt }]));
  return {
    ...(ends.length > 0 && { earlierEnds: ends }),
    ...(source === 'file' && endsAt !== undefined && endsAt === closedAt && { endIsClose: true }),
  };
}
