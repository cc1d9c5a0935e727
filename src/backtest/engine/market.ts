import type { FeeSchedule, Instrument, OrderBook, Resolution } from '../../contracts/market-data.ts';
import { PRESENT_MS } from '../../contracts/run/run-window.ts';
import type { MarketKind } from '../../contracts/words.ts';
import type { CandleSeries } from './candle-series.ts';

export interface Market {
  readonly kind: MarketKind;
  /** Smallest price step; null if unknown, in which case prices are not rounded. */
  readonly tickSize: number | null;
  /** Actual close, null if open; UTC epoch milliseconds. Orders that would fill later are cancelled. Strategies cannot read it. */
  readonly closesAt: number | null;
  /** The end that was announced last, null if none was; UTC epoch milliseconds. Strategies can read it before the market ends. */
  readonly endsAt: number | null;
  /** Ends that were announced earlier, oldest first, each valid until the next announcement. @default none */
  readonly earlierEnds?: readonly AnnouncedEnd[];
  /** Whether `endsAt` is the actual close because the announced end is unknown: a strategy may then learn it too early. @default false */
  readonly endIsClose?: boolean;
  /** Event of markets that resolve together, which count as one independent draw. @default the market is an event of its own */
  readonly event?: string | null;
  /** The recorded order books of the market, oldest first. */
  readonly books: readonly OrderBook[];
  /** The market's payout. The engine uses it only after the last bar; strategies cannot read it. */
  readonly resolution: Resolution;
  readonly fees: FeeSchedule;
}

/** An announced end (null = none announced) and the time `until` which it was valid; UTC epoch milliseconds. */
export interface AnnouncedEnd {
  readonly until: number;
  readonly endsAt: number | null;
}

/** The announced end as known at `time`; null if none was announced by then. UTC epoch milliseconds. */
export function announcedEnd({ endsAt, earlierEnds = [] }: Pick<Market, 'endsAt' | 'earlierEnds'>, time: number): number | null {
  const then = earlierEnds.find(({ until }) => until > time);
  return then === undefined ? endsAt : then.endsAt;
}

/** The recorded order books that a series' bars can see: those up to the last close, but only the newest of those before the first. */
export function booksSeen(books: readonly OrderBook[], { openTime, length }: Pick<CandleSeries, 'openTime' | 'length'>, barMs: number) {
  const first = books.findLastIndex(({ at }) => at <= openTime[0] + barMs);
  return books.slice(Math.max(0, first)).filter(({ at }) => at <= openTime[length - 1] + barMs);
}

/** The newest recorded book at `time`; undefined if there was none by then. */
export const bookAt = (books: readonly OrderBook[], time: number): OrderBook | undefined => books.findLast(({ at }) => at <= time);

/** When a settled market paid: at its close, or else when its result became known; -Infinity if neither is known. UTC epoch milliseconds. */
export const paysAt = ({ closesAt, resolution }: Pick<Market, 'closesAt' | 'resolution'>): number =>
  closesAt ?? (resolution.kind === 'settled' ? resolution.at : null) ?? Number.NEGATIVE_INFINITY;

/** A resolution as it was known at `asOf`: open if it became known later, so that the position's money is still locked. */
export const resolutionAsOf = (resolution: Resolution, asOf: number): Resolution =>
  resolution.kind === 'settled' && resolution.at !== null && resolution.at > asOf ? { kind: 'open' } : resolution;

/** Number of bars that opened before the market's close. Later bars forecast nothing and cannot be traded. */
export const barsByClose = (openTime: Float64Array, { closesAt }: Pick<Market, 'closesAt'>): number => {
  const after = closesAt === null ? -1 : openTime.findIndex((time) => time >= closesAt);
  return after < 0 ? openTime.length : after;
};

/** A market of this kind about which nothing else is known: open, without tick size or end. @param fees no fees by default */
export const plainMarket = (kind: MarketKind, fees: FeeSchedule = { model: 'flat', rate: 0 }): Market => ({
  kind,
  tickSize: null,
  closesAt: null,
  endsAt: null,
  books: [],
  resolution: { kind: 'open' },
  fees,
});

/** Facts that the owner of a series states about its market; times are UTC epoch milliseconds. */
export interface StatedFacts {
  readonly resolution?: number | undefined;
  /** One time for both the close and the announced end, if the announced end is unknown. */
  readonly closesAt?: number | undefined;
  readonly endsAt?: number | undefined;
  readonly earlierEnds?: readonly AnnouncedEnd[];
  readonly closedAt?: number | undefined;
  readonly event?: string | undefined;
  readonly fees?: FeeSchedule | undefined;
  readonly tick?: number | undefined;
}

/** Creates a market from the facts that the owner of a series states. */
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

/** An instrument as it was known at `asOf`: on the terms of that time, open if it ended later, and without later books and results. */
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

/** The market of an instrument as its source describes it; only an actual close stops orders, since markets often trade past it. */
export const marketOf = (instrument: Instrument, books: readonly OrderBook[] = []): Market => ({
  kind: instrument.market,
  tickSize: instrument.tickSize,
  closesAt: instrument.closed ? (instrument.closedAt ?? instrument.closesAt) : null,
  // closesAt of a closed market may be the actual end, which nobody knew before
  endsAt: instrument.endsAt ?? (instrument.closed ? null : instrument.closesAt),
  ...endsBefore(instrument),
  ...(instrument.event !== undefined && { event: instrument.event }),
  books,
  resolution: instrument.resolution,
  fees: instrument.fees ?? { model: 'flat', rate: 0 },
});

/** The ends announced before the last one, and whether the owner of a file stated only the close of its market. */
function endsBefore({ source, endsAt, closedAt, earlierTerms = [] }: Instrument): Pick<Market, 'earlierEnds' | 'endIsClose'> {
  const ends = earlierTerms.flatMap((term) => (term.endsAt === undefined ? [] : [{ until: term.until, endsAt: term.endsAt }]));
  return {
    ...(ends.length > 0 && { earlierEnds: ends }),
    ...(source === 'file' && endsAt !== undefined && endsAt === closedAt && { endIsClose: true }),
  };
}
