import type { FeeSchedule, Instrument, MarketSettlement, Resolution, TimeRange } from '../../contracts/market-data.ts';
import { PRESENT_MS } from '../../contracts/run/run-window.ts';
import { DAY_MS } from '../../contracts/words.ts';

/** Time after a market's end in which its trades still count, since venues stamp trades by their own clocks. */
export const SETTLE_MS = 60_000;

/** The facts about a market's opening and end that the collection of its trades needs. */
export type Life = Pick<Instrument, 'opensAt' | 'closed' | 'closedAt' | 'seenClosedAt' | 'confirmedAt'>;

/** Time after which a market has no more trades; null while unknown. A planned end does not count. */
export const endOf = ({ closed, closedAt }: Life): number | null => (closed && closedAt !== undefined ? closedAt + SETTLE_MS : null);

/** The part of a window in which an instrument can have ticks; empty (`to ≤ from`) when the market opened later or ended earlier. */
export function tradableWindow(instrument: Life, window: TimeRange): TimeRange {
  const from = Math.max(window.from, instrument.opensAt ?? window.from);
  return { from, to: Math.min(window.to, endOf(instrument) ?? window.to) };
}

/** The part of a window before an instrument opened. It counts as covered without a request, since it cannot have ticks. */
export function timeBeforeOpening({ opensAt }: Life, window: TimeRange): TimeRange[] {
  const to = Math.min(window.to, opensAt ?? window.from);
  return to > window.from ? [{ from: window.from, to }] : [];
}

/** The part of a window after an instrument's end. It counts as covered without a request once the end itself is covered. */
export function timeAfterEnd(instrument: Life, window: TimeRange): TimeRange[] {
  const from = Math.max(window.from, endOf(instrument) ?? window.to);
  return window.to > from ? [{ from, to: window.to }] : [];
}

/** The time at which a venue answered: the run's `asOf` and the venue's clock. */
export interface Seen {
  readonly asOf: number;
  readonly clock: number;
  /** Whether the answer comes from checking a settled market once more. @default false */
  readonly again?: boolean;
}

/** Time from which a fact of an answer counts as known: `asOf` if the answer came shortly after it, otherwise the venue's clock. */
const knownFrom = ({ asOf, clock }: Seen): number => (clock - asOf <= PRESENT_MS ? asOf : clock);

/**
 * Adds the times that the venue does not state: when the market closed, and when its result became known. Each is the venue's clock when it
 * was first seen, since runs with an earlier `asOf` get today's answer too and must not know the result.
 * @param known the same market as earlier runs stored it
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
  return resolution.kind === 'settled' ? { ...closed, ...settledTimes(closed, known, seen) } : closed;
}

/** Time after which a result counts as confirmed. By then, an oracle's dispute is decided and an error of the venue is corrected. */
const CONFIRM_MS = DAY_MS;

/** The time from which a market's result is known, and the time when a second check confirmed it, if one did. */
function settledTimes(
  { closedAt, resolution }: Instrument & { readonly closedAt: number },
  known: Instrument | undefined,
  { clock, again }: Seen,
): Pick<Instrument, 'settledFrom' | 'confirmedAt'> {
  if (known !== undefined && isFinal(known) && payoutOf(known) === payoutOf({ resolution })) {
    const { settledFrom, confirmedAt } = known;
    // A result that was stored without a time stays without one.
    if (settledFrom === undefined) return {};
    if (confirmedAt !== undefined) return { settledFrom, confirmedAt };
    return again === true && clock - settledFrom >= CONFIRM_MS ? { settledFrom, confirmedAt: clock } : { settledFrom };
  }
  const isOld = known?.closed !== true && clock - closedAt >= CONFIRM_MS;
  return isOld ? { settledFrom: clock, confirmedAt: clock } : { settledFrom: clock };
}

const payoutOf = ({ resolution }: Pick<Instrument, 'resolution'>): number | undefined =>
  resolution.kind === 'settled' ? resolution.payout : undefined;

/** Whether a settled market is due for its second check: venues may withdraw a result or reopen a market. */
export const isToBeConfirmed = (instrument: Instrument, asOf: number): boolean =>
  isFinal(instrument) &&
  instrument.confirmedAt === undefined &&
  instrument.settledFrom !== undefined &&
  asOf - instrument.settledFrom >= CONFIRM_MS;

/**
 * Detects that a venue takes back what it stated about a market's end: that it closed, when, or with which result.
 * @returns the market, and in `doubtfulFrom` the time from which coverage is withdrawn, because it relied on the old end
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
  const takenBack = (said: string): Instrument => ({
    ...instrument,
    ...(was !== undefined && resolution.kind !== 'settled' && { settlement: withdrawn(instrument, said) }),
    tookBack: { asOf, said: `${id}: ${source} ${said}` },
  });
  if (!closed) {
    const date = known.closedAt === undefined ? '' : ` on ${new Date(known.closedAt).toISOString()}`;
    const result = was === undefined ? '' : ` and settled at ${was}`;
    return {
      instrument: takenBack(`had called it closed${date}${result} and calls it open again: its collection continues`),
      doubtfulFrom: end,
    };
  }
  const doubtfulFrom = known.closedAt !== undefined && closedAt !== undefined && closedAt > known.closedAt ? end : undefined;
  if (was === undefined || was === payoutOf({ resolution })) return { instrument: { ...instrument, ...earlier }, doubtfulFrom };
  const now = resolution.kind === 'settled' ? `settles it at ${resolution.payout} now` : 'says now that it has no result';
  return { instrument: takenBack(`had settled it at ${was} and ${now}: the new statement counts from now on`), doubtfulFrom };
}

/** Settlement of a market whose venue withdrew a final result; it holds until the venue states a result again. */
const withdrawn = ({ settlement }: Instrument, said: string): MarketSettlement => ({
  payout: settlement?.payout ?? null,
  signs: settlement?.signs ?? [],
  state: 'tookBack',
  missing: settlement?.missing ?? said,
});

/** Maximum number of changes of a market's terms that are kept; older ones are dropped. */
const MAX_TERMS = 100;

/** Keeps a market's earlier terms (fees, tick size, end), so that a run with an earlier `asOf` does not trade on today's terms. */
export function noteTerms(instrument: Instrument, known: Instrument | undefined, seen: Seen): Instrument {
  // The owner of a file who changes a fact corrects it; the market's terms have not changed.
  if (instrument.source === 'file') return instrument;
  const now = knownFrom(seen);
  const sameEnd = known !== undefined && known.endsAt === instrument.endsAt;
  const endsAtSeen = sameEnd ? (known.endsAtSeen ?? now) : now;
  const dated = instrument.endsAt === undefined ? instrument : { ...instrument, endsAtSeen };
  if (known === undefined) return dated;
  const { fees, tickSize, endsAt = null, earlierTerms = [] } = known;
  const same = sameEnd && tickSize === instrument.tickSize && termsOf(fees) === termsOf(instrument.fees);
  // some venues list their changes, and so state the time of this one
  const until =
    instrument.earlierTerms?.findLast((term) => term.until > (earlierTerms.at(-1)?.until ?? 0) && term.until <= now)?.until ?? now;
  const terms = same ? earlierTerms : [...earlierTerms, { until, fees, tickSize, endsAt }].slice(-MAX_TERMS);
  return terms.length === 0 ? dated : { ...dated, earlierTerms: terms };
}

const termsOf = (fees: FeeSchedule | null): string => (fees === null ? '' : `${fees.model} ${fees.rate} ${fees.exponent ?? 1}`);

/** The resolution with its date. A result that replaces another one is never dated before it was first seen, whatever the venue states. */
function datedResolution(resolution: Resolution, known: Instrument | undefined, first: number): Resolution {
  if (resolution.kind !== 'settled') return resolution;
  const before = known?.resolution;
  const stated = resolution.at;
  if (before?.kind !== 'settled') return { ...resolution, at: stated ?? first };
  if (before.payout !== resolution.payout) return { ...resolution, at: Math.max(stated ?? first, first) };
  return { ...resolution, at: before.at === null ? (stated ?? first) : Math.max(before.at, stated ?? before.at) };
}

/** Whether a market is closed, settled and dated; discovery does not query such a market again. */
export const isFinal = ({ closed, closedAt, resolution }: Instrument): boolean =>
  closed && closedAt !== undefined && resolution.kind === 'settled' && resolution.at !== null;

/** Moves the stored end of a market to its newest trade, if that is later. */
export const withTradeAt = (instrument: Instrument, newest: number | null): Instrument =>
  instrument.closedAt === undefined || newest === null || newest <= instrument.closedAt ? instrument : { ...instrument, closedAt: newest };
