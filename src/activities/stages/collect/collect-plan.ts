import type { CatalogueEntry } from '../../../contracts/catalogue.ts';
import { PredictLabError } from '../../../contracts/errors.ts';
import type { Instrument, TimeRange } from '../../../contracts/market-data.ts';
import { DEFAULT_CATCH_UP_MS } from '../../../contracts/run/run-window.ts';
import { DAY_MS, type SourceType } from '../../../contracts/words.ts';
import { confirmByTwins } from '../../../market/settlement.ts';
import { isFinal, isToBeConfirmed, noteClose, noteTakenBack, noteTerms, type Seen } from '../../../sources/catalogue/market-life.ts';
import { withSameOutcomes } from '../../../sources/catalogue/same-outcomes.ts';
import { crowdedSignal } from '../../../sources/http/crowded-signal.ts';
import type { DiscoverRequest, Discovery, Source, Sources } from '../../../sources/source.ts';
import { plausibleClock } from '../../../sources/venue-clock.ts';
import type { StoredInstrument } from '../../../storage/markets/instruments.ts';
import type { SourceTime } from './collect-failures.ts';

export interface PlannedInstrument {
  readonly instrument: Instrument;
  readonly source: Source;
  readonly selectors: readonly unknown[];
  /** The venue's clock when the instrument was discovered; UTC epoch milliseconds. */
  readonly clock: number;
}

/** The instruments to collect for a symbol, and what finding them showed about its sources. */
export interface CollectPlan {
  /** Open instruments first, then those that closed last. */
  readonly instruments: readonly PlannedInstrument[];
  /** Current state of markets that no selector names any more. Their end and result are stored, but no ticks are collected. */
  readonly followed: readonly Instrument[];
  /** By instrument id, the time from which coverage is withdrawn because it relied on an end that the venue took back. */
  readonly doubtful: ReadonlyMap<string, number>;
  readonly sources: ReadonlyMap<SourceType, DiscoveryEnd>;
  /** Sources that are skipped although the symbol has selectors for them, with the reason. */
  readonly skippedSources: Readonly<Record<SourceType, string>>;
  readonly problems: readonly string[];
  /** Markets whose outcomes at the venue differ from the stored ones, as the venue states them now. */
  readonly refused: readonly Instrument[];
  readonly requests: number;
}

/** The number of instruments that a source has for the symbol, or the error that prevented finding them. */
export type DiscoveryEnd = { readonly instruments: number } | { readonly error: PredictLabError };

export interface PlanRequest {
  readonly entry: CatalogueEntry;
  readonly sourceTypes: readonly SourceType[];
  readonly sources: Sources;
  readonly window: TimeRange;
  readonly asOf: number;
  readonly known: readonly StoredInstrument[];
  /** Markets from an earlier listing, by source, to use instead of a discovery. @default each source discovers the selectors' markets */
  readonly listed?: ReadonlyMap<SourceType, Discovery>;
  readonly signal: AbortSignal;
  readonly time: SourceTime;
  /** The clock of this machine. @default Date.now */
  readonly now?: () => number;
}

/** Queries every source for the instruments that the selectors match. A source may fail alone; selectors without a market are problems. */
export async function planCollection(request: PlanRequest): Promise<CollectPlan> {
  const { entry, sources, window, asOf, known, signal, time, now = Date.now } = request;
  const skippedSources: Record<SourceType, string> = {};
  const found = await Promise.allSettled(
    request.sourceTypes.map(async (type) => {
      const selectors: readonly unknown[] = entry.sources[type] ?? [];
      const available = sources[type];
      if (available === undefined || 'skipped' in available) {
        if (selectors.length > 0) skippedSources[type] = available?.skipped ?? notLoaded(type);
        return undefined;
      }
      const { source } = available;
      const mine = known.filter((instrument) => instrument.source === type);
      const discoverRequest = { symbol: entry.symbol, window, asOf, known: mine, signal: crowdedSignal(signal, time.signal) };
      try {
        const discovery =
          request.listed?.get(type) ?? (selectors.length > 0 ? await source.discover({ ...discoverRequest, selectors }) : undefined);
        return { source, selectors, discovery, followed: await followUp(source, discoverRequest, discovery?.instruments ?? []) };
      } catch (error) {
        if (signal.aborted) throw error;
        throw time.signal.aborted ? time.error(type) : source.describe(error);
      }
    }),
  );
  signal.throwIfAborted();
  const failures = found.flatMap((result) => (result.status === 'rejected' ? [result.reason as PredictLabError] : []));
  const discovered = found.flatMap((result) => (result.status === 'fulfilled' && result.value !== undefined ? [result.value] : []));
  const ends = new Map<SourceType, DiscoveryEnd>();
  for (const [index, result] of found.entries()) {
    const type = request.sourceTypes[index];
    if (result.status === 'rejected') ends.set(type, { error: result.reason as PredictLabError });
    else if (result.value?.discovery !== undefined) ends.set(type, { instruments: result.value.discovery.instruments.length });
  }

  // instruments that were found now come first, because the stored state of a twin may be outdated
  const present = discovered.flatMap(({ discovery, followed }) => [...(discovery?.instruments ?? []), ...followed.instruments]);
  const seen = new Set(present.map(({ id }) => id));
  const others = [...present, ...known.filter(({ id }) => !seen.has(id))];
  const before = new Map(known.map(({ key, ...instrument }) => [instrument.id, instrument]));
  const contradictions: string[] = [];
  const refused: Instrument[] = [];
  const doubtful = new Map<string, number>();
  const noted = (found: Instrument, seen: Omit<Seen, 'asOf'>): Instrument[] => {
    // the user states end and result of a market from a file, so a change simply replaces the earlier statement
    if (found.source === 'file') return [found];
    const earlier = before.get(found.id);
    const answered = withSameOutcomes(confirmByTwins(found, others), earlier);
    if ('refused' in answered) {
      contradictions.push(answered.refused);
      refused.push(found);
      return [];
    }
    if (answered.problem !== undefined) contradictions.push(answered.problem);
    const now = { asOf, ...seen };
    const { instrument, doubtfulFrom } = noteTakenBack(noteTerms(noteClose(answered.instrument, earlier, now), earlier, now), earlier, now);
    if (doubtfulFrom !== undefined) doubtful.set(instrument.id, doubtfulFrom);
    // reported by every attempt of the run in which the venue took the statement back
    if (instrument.tookBack?.asOf === asOf) contradictions.push(instrument.tookBack.said);
    return [{ ...instrument, book: instrument.book ?? earlier?.book ?? null }];
  };
  const clockOf = (answered: number): number => plausibleClock({ answered, asOf, now: now() });
  const instruments = discovered.flatMap(({ source, selectors, discovery, followed }) => {
    // a settled market that was also checked again gets the state from that later answer
    const again = new Map(followed.instruments.map((found) => [found.id, found]));
    return (discovery?.instruments ?? []).flatMap((found) => {
      const answered = again.get(found.id);
      const clock = clockOf(answered === undefined ? (discovery?.clock ?? asOf) : followed.clock);
      return noted(answered ?? found, { clock, again: answered !== undefined }).map((instrument) => ({
        instrument,
        source,
        selectors,
        clock,
      }));
    });
  });
  const collected = new Set(instruments.map(({ instrument }) => instrument.id));
  return {
    followed: discovered.flatMap(({ followed }) =>
      followed.instruments
        .filter(({ id }) => !collected.has(id))
        .flatMap((found) => noted(found, { clock: clockOf(followed.clock), again: true })),
    ),
    doubtful,
    instruments: instruments.sort((a, b) => urgency(b.instrument) - urgency(a.instrument)),
    sources: ends,
    refused,
    skippedSources,
    problems: [
      ...failures.filter(({ type }) => type === 'BadInput').map(({ message }) => message),
      ...discovered.flatMap(({ discovery }) => discovery?.problems ?? []),
      ...contradictions,
    ],
    requests: discovered.reduce((sum, { discovery, followed }) => sum + (discovery?.requests ?? 0) + followed.requests, 0),
  };
}

const notLoaded = (type: SourceType): string =>
  `${type} is skipped: this worker has not loaded such a venue; name its plugin in PREDICTLAB_PLUGINS and start the worker again`;

/** Time for which a market that no selector names any more is queried for its result, from when it was first seen closed. */
const FOLLOWED_MS = 30 * DAY_MS;

/**
 * Queries markets that no selector names any more until they have settled, because their stored ticks need an end; queries each settled
 * market again a day after its result, since discovery skips it. A failure does not fail the run, which did not select these markets.
 */
async function followUp(
  source: Source,
  discoverRequest: Omit<DiscoverRequest, 'selectors' | 'known'> & { readonly known: readonly StoredInstrument[] },
  found: readonly Instrument[],
): Promise<Pick<Discovery, 'instruments' | 'requests' | 'clock'>> {
  const { known, asOf, signal } = discoverRequest;
  const selected = new Set(found.map(({ id }) => id));
  const dropped = known.filter((each) => !selected.has(each.id) && !isFinal(each) && asOf - (each.seenClosedAt ?? asOf) <= FOLLOWED_MS);
  const settled = known.filter((each) => isToBeConfirmed(each, asOf)).slice(0, CONFIRMED_AT_ONCE);
  const queried = new Map([...dropped, ...settled].map((each) => [each.id, each]));
  const named = await Promise.all([...queried.values()].map((each) => source.selectorOf(each)));
  const selectors = named.filter((selector) => selector !== undefined && selector !== null);
  const nothing = { instruments: [], requests: 0, clock: asOf };
  if (selectors.length === 0) return nothing;
  try {
    const { instruments, requests, clock } = await source.discover({
      ...discoverRequest,
      known: known.filter(({ id }) => !queried.has(id)),
      selectors,
    });
    const answered = instruments.filter(({ id }) => queried.has(id));
    const there = new Set(answered.map(({ id }) => id));
    // a market that the venue no longer lists keeps its stored state
    const gone = settled.filter(({ id }) => !there.has(id)).map(({ key: _, ...each }) => each);
    return { instruments: [...answered, ...gone], requests, clock };
  } catch (error) {
    if (signal.aborted) throw error;
    return nothing;
  }
}

/** Maximum number of settled markets that one run checks again; after a long pause there may be thousands. */
const CONFIRMED_AT_ONCE = 100;

/** Order of collection: open markets first, then those that closed last, since the venues drop the finest recent data first. */
const urgency = ({ closed, closedAt, closesAt }: Instrument): number => (closed ? (closedAt ?? closesAt ?? 0) : Number.MAX_SAFE_INTEGER);

/**
 * The time that a run collects: its window, extended back to the last look of an earlier run (after a pause), by at most `catchUpMs`.
 * @param lastLooks the time of the latest look at each source that has one
 * @returns the window, and the hole that remains before it; null where there is none
 */
export function catchUpWindow(
  window: TimeRange,
  lastLooks: readonly number[],
  catchUpMs = DEFAULT_CATCH_UP_MS,
): { readonly window: TimeRange; readonly hole: TimeRange | null } {
  const last = Math.min(window.from, ...lastLooks);
  const from = Math.max(last, window.from - catchUpMs);
  return { window: { from, to: window.to }, hole: last < from ? { from: last, to: from } : null };
}
