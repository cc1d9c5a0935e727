import type { FeeSchedule, Instrument, MarketSettlement, Resolution, TimeRange } from '../../contracts/market-data.ts';
import { PRESENT_MS } from '../../contracts/run/run-window.ts';
import { DAY_MS } from '../../contracts/words.ts';

/** Venues stamp trades by clocks of their own: a minute after a market's end still belongs to it. */
export const SETTLE_MS = 60_000;

/** What the walks need to know of a market. */
export type Life = Pick<Instrument, 'opensAt' | 'closed' | 'closedAt' | 'seenClosedAt' | 'confirmedAt'>;

/** When no more trades of a market are made; null while that is not known. A planned end is none. */
export const endOf = ({ closed, closedAt }: Life): number | null => (closed && closedAt !== undefined ? closedAt + SETTLE_MS : null);

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

/** When a venue's statement was seen: the run's instant and the venue's clock. */
export interface Seen {
  readonly asOf: number;
  readonly clock: number;
  /** Whether the market was looked up once more after it had settled. @default false */
  readonly again?: boolean;
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
  const { closedAt: stated, seenClosedAt: _, settledFrom: __, confirmedAt: ___, ...facts } = instrument;
  if (!instrument.closed) return facts;
  const noted = known?.closed === true ? known : undefined;
  const closedAt = stated === undefined ? (noted?.closedAt ?? seen.clock) : Math.max(stated, noted?.closedAt ?? stated);
  const now = knownFrom(seen);
  const seenClosedAt = noted?.seenClosedAt ?? Math.min(now, seen.clock);
  const closesAt = facts.closesAt === null ? closedAt : Math.min(facts.closesAt, closedAt);
  const resolution = datedResolution(facts.resolution, known, now);
  const closed = { ...facts, closesAt, closedAt, seenClosedAt, resolution };
  return resolution.kind === 'settled' ? { ...closed, ...standing(closed, known, seen) } : closed;
}

/** A result that stands for so long is taken back no more: an oracle's dispute is over, a venue's slip is corrected. */
const CONFIRM_MS = DAY_MS;

/** Since when the result of a market is known, and whether it has stood for long enough. */
function standing(
  { closedAt, resolution }: Instrument & { readonly closedAt: number },
  known: Instrument | undefined,
  { clock, again }: Seen,
): Pick<Instrument, 'settledFrom' | 'confirmedAt'> {
  if (known !== undefined && isFinal(known) && payoutOf(known) === payoutOf({ resolution })) {
    const { settledFrom, confirmedAt } = known;
    // stored before it was noted
    if (settledFrom === undefined) return {};
    if (confirmedAt !== undefined) return { settledFrom, confirmedAt };
    return again === true && clock - settledFrom >= CONFIRM_MS ? { settledFrom, confirmedAt: clock } : { settledFrom };
  }
  const isOld = known?.closed !== true && clock - closedAt >= CONFIRM_MS;
  return isOld ? { settledFrom: clock, confirmedAt: clock } : { settledFrom: clock };
}

const payoutOf = ({ resolution }: Pick<Instrument, 'resolution'>): number | undefined =>
  resolution.kind === 'settled' ? resolution.payout : undefined;

/** Whether a settled market should be looked up once more: venues withdraw a result, or open a market again. */
export const isToBeConfirmed = (instrument: Instrument, asOf: number): boolean =>
  isFinal(instrument) &&
  instrument.confirmedAt === undefined &&
  instrument.settledFrom !== undefined &&
  asOf - instrument.settledFrom >= CONFIRM_MS;

/**
 * Notes what a venue takes back of what it had said of a market's end: that it had closed, when, or with which result.
 *
 * @returns also from when on nothing counts as collected any more, because it was covered only by an end that was none
 */
export function noteTakenBack(
  instrument: Instrument,
  known: Instrument | undefined,
  { asOf }: Seen,
): { readonly instrument: Instrument; readonly doubtfulFrom?: number } {
  const isWithdrawn = known?.settlement?.state === 'tookBack' && instrument.resolution.kind !== 'settled';
  const earlier = {
    ...(known?.tookBack !== undefined && { tookBack: known.tookBack }),
    ...(isWithdrawn && { settlement: withdrawn(instrument, known.tookBack?.said ?? '') }),
  };
  if (known?.closed !== true) return { instrument: { ...instrument, ...earlier } };
  const { id, source, closed, closedAt, resolution } = instrument;
  const end = endOf(known) ?? undefined;
  const was = payoutOf(known);
  const saying = (said: string): Instrument => ({
    ...instrument,
    ...(was !== undefined && resolution.kind !== 'settled' && { settlement: withdrawn(instrument, said) }),
    tookBack: { asOf, said: `${id}: ${source} ${said}` },
  });
  if (!closed) {
    const date = known.closedAt === undefined ? '' : ` on ${new Date(known.closedAt).toISOString()}`;
    const result = was === undefined ? '' : ` and settled at ${was}`;
    return { instrument: saying(`had called it closed${date}${result} and calls it open again: it is collected on`), doubtfulFrom: end };
  }
  const doubtfulFrom = known.closedAt !== undefined && closedAt !== undefined && closedAt > known.closedAt ? end : undefined;
  if (was === undefined || was === payoutOf({ resolution })) return { instrument: { ...instrument, ...earlier }, doubtfulFrom };
  const now = resolution.kind === 'settled' ? `settles it at ${resolution.payout} now` : 'says now that it has no result';
  return { instrument: saying(`had settled it at ${was} and ${now}: that counts from now on`), doubtfulFrom };
}

/** A result that was final and is so no more; it is proposed again once the venue names one. */
const withdrawn = ({ settlement }: Instrument, said: string): MarketSettlement => ({
  payout: settlement?.payout ?? null,
  signs: settlement?.signs ?? [],
  state: 'tookBack',
  missing: settlement?.missing ?? said,
});

/** So many changes of its terms are kept of a market, the newest ones. */
const MOST_TERMS = 100;

/** Keeps the terms that a market had before, so that a run as of the past does not trade on those of today. */
export function noteTerms(instrument: Instrument, known: Instrument | undefined, seen: Seen): Instrument {
  // what an owner says of a file was never otherwise: it is corrected, not changed
  if (instrument.source === 'file') return instrument;
  const now = knownFrom(seen);
  const sameEnd = known !== undefined && known.endsAt === instrument.endsAt;
  const endsAtSeen = sameEnd ? (known.endsAtSeen ?? now) : now;
  const dated = instrument.endsAt === undefined ? instrument : { ...instrument, endsAtSeen };
  if (known === undefined) return dated;
  const { fees, tickSize, endsAt = null, earlierTerms = [] } = known;
  const same = sameEnd && tickSize === instrument.tickSize && termsOf(fees) === termsOf(instrument.fees);
  const terms = same ? earlierTerms : [...earlierTerms, { until: now, fees, tickSize, endsAt }].slice(-MOST_TERMS);
  return terms.length === 0 ? dated : { ...dated, earlierTerms: terms };
}

const termsOf = (fees: FeeSchedule | null): string => (fees === null ? '' : `${fees.model} ${fees.rate} ${fees.exponent ?? 1}`);

/** A result that follows another one was not known before it was seen, whatever the venue dates it by. */
function datedResolution(resolution: Resolution, known: Instrument | undefined, first: number): Resolution {
  if (resolution.kind !== 'settled') return resolution;
  const before = known?.resolution;
  const stated = resolution.at;
  if (before?.kind !== 'settled') return { ...resolution, at: stated ?? first };
  if (before.payout !== resolution.payout) return { ...resolution, at: Math.max(stated ?? first, first) };
  return { ...resolution, at: before.at === null ? (stated ?? first) : Math.max(before.at, stated ?? before.at) };
}

/** A market that is closed, settled and dated stays as it is: it is not looked up again. */
export const isFinal = ({ closed, closedAt, resolution }: Instrument): boolean =>
  closed && closedAt !== undefined && resolution.kind === 'settled' && resolution.at !== null;

/** Moves the noted end of a market to a trade that was made after it. */
export const withTradeAt = (instrument: Instrument, newest: number | null): Instrument =>
  instrument.closedAt === undefined || newest === null || newest <= instrument.closedAt ? instrument : { ...instrument, closedAt: newest };
