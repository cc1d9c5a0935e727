import type { FeeSchedule, Instrument, Resolution, TimeRange } from '../contracts/market-data.ts';
import { PRESENT_MS } from '../contracts/run/run-window.ts';

/** Venues stamp trades by clocks of their own: a minute after a market's end still belongs to it. */
export const SETTLE_MS = 60_000;

/** What the walks need to know of a market. */
export type Life = Pick<Instrument, 'opensAt' | 'closed' | 'endsBy' | 'seenClosedAt'>;

/** When no more trades of a market are made; null while that is not known. A planned end is none. */
export const endOf = ({ closed, endsBy }: Life): number | null => (closed && endsBy !== undefined ? endsBy + SETTLE_MS : null);

/** The part of a window in which an instrument can have ticks; empty (`to ≤ from`) when it opened later or ended earlier. */
export function tradableWindow(instrument: Life, window: TimeRange): TimeRange {
  const from = Math.max(window.from, instrument.opensAt ?? window.from);
  return { from, to: Math.min(window.to, endOf(instrument) ?? window.to) };
}

/** The part of a window before an instrument opened: covered without asking, since nothing can be there. */
export function lifelessBefore({ opensAt }: Life, window: TimeRange): TimeRange[] {
  const to = Math.min(window.to, opensAt ?? window.from);
  return to > window.from ? [{ from: window.from, to }] : [];
}

/** The part of a window after an instrument's end: covered without asking once the end itself is. */
export function lifelessAfter(instrument: Life, window: TimeRange): TimeRange[] {
  const from = Math.max(window.from, endOf(instrument) ?? window.to);
  return window.to > from ? [{ from, to: window.to }] : [];
}

/** When something was said: as of which run, and by which clock. */
interface Seen {
  readonly asOf: number;
  readonly clock: number;
}

/** A run about now knows what it sees, though the answer comes seconds after the instant that it is named by. */
const knownFrom = ({ asOf, clock }: Seen): number => (clock - asOf <= PRESENT_MS ? asOf : clock);

/**
 * Notes of a market what its venue does not say: by when it had closed, and when its result became known. Both are the moment
 * at which it was first seen so, by the venue's clock: a run as of the past sees the market of today, and must not date it back.
 *
 * @param known the same market as earlier runs saw it
 */
export function noteClose(instrument: Instrument, known: Instrument | undefined, seen: Seen): Instrument {
  const { endsBy: stated, seenClosedAt: _, ...facts } = instrument;
  if (!instrument.closed) return facts;
  const noted = known?.closed === true ? known : undefined;
  const endsBy = stated === undefined ? (noted?.endsBy ?? seen.clock) : Math.max(stated, noted?.endsBy ?? stated);
  const now = knownFrom(seen);
  const seenClosedAt = noted?.seenClosedAt ?? Math.min(now, seen.clock);
  const closesAt = facts.closesAt === null ? endsBy : Math.min(facts.closesAt, endsBy);
  return { ...facts, closesAt, endsBy, seenClosedAt, resolution: datedResolution(facts.resolution, known?.resolution, now) };
}

/** So many changes of its terms are kept of a market, the newest ones. */
const MOST_TERMS = 100;

/** Keeps the terms that a market had before, so that a run as of the past does not trade on those of today. */
export function noteTerms(instrument: Instrument, known: Instrument | undefined, seen: Seen): Instrument {
  // what an owner says of a file was never otherwise: it is mended, not changed
  if (known === undefined || instrument.source === 'file') return instrument;
  const { fees, tickSize, earlierTerms = [] } = known;
  const same = tickSize === instrument.tickSize && termsOf(fees) === termsOf(instrument.fees);
  const terms = same ? earlierTerms : [...earlierTerms, { until: knownFrom(seen), fees, tickSize }].slice(-MOST_TERMS);
  return terms.length === 0 ? instrument : { ...instrument, earlierTerms: terms };
}

const termsOf = (fees: FeeSchedule | null): string => (fees === null ? '' : `${fees.model} ${fees.rate} ${fees.exponent ?? 1}`);

function datedResolution(resolution: Resolution, known: Resolution | undefined, first: number): Resolution {
  if (resolution.kind !== 'settled' || resolution.at !== null) return resolution;
  const same = known?.kind === 'settled' && known.payout === resolution.payout;
  return { ...resolution, at: (same ? known.at : null) ?? first };
}

/** A market that is closed, settled and dated stays as it is: there is nothing new to ask about it. */
export const isFinal = ({ closed, endsBy, resolution }: Instrument): boolean =>
  closed && endsBy !== undefined && resolution.kind === 'settled' && resolution.at !== null;

/** A market of which a trade was met after its noted end had not ended then. */
export const withTradeAt = (instrument: Instrument, newest: number | null): Instrument =>
  instrument.endsBy === undefined || newest === null || newest <= instrument.endsBy ? instrument : { ...instrument, endsBy: newest };
