import type { CatalogueEntry } from '../../../contracts/catalogue.ts';
import { PredictLabError } from '../../../contracts/errors.ts';
import type { Instrument, TimeRange } from '../../../contracts/market-data.ts';
import { DAY_MS, type SourceType } from '../../../contracts/words.ts';
import { confirmByTwins } from '../../../market/settlement.ts';
import { isFinal, isToBeConfirmed, noteClose, noteTakenBack, noteTerms, type Seen } from '../../../sources/catalogue/market-life.ts';
import { withSameOutcomes } from '../../../sources/catalogue/same-outcomes.ts';
import { crowdedSignal } from '../../../sources/http/crowded-signal.ts';
import type { DiscoverRequest, Discovery, Source, Sources } from '../../../sources/source.ts';
import { soundClock } from '../../../sources/venue-clock.ts';
import type { StoredInstrument } from '../../../storage/markets/instruments.ts';
import type { SourceTime } from './source-time.ts';

/** One instrument that a run will collect, and from where. */
export interface PlannedInstrument {
  readonly instrument: Instrument;
  readonly source: Source;
  readonly selectors: readonly unknown[];
  /** The venue's clock when it was discovered; UTC epoch milliseconds. */
  readonly clock: number;
}

/** What a symbol's selectors came to. */
export interface CollectPlan {
  /** Open instruments first, then those that closed last. */
  readonly instruments: readonly PlannedInstrument[];
  /** Markets that no selector names any more, as they are now: their end and result are noted, nothing of them is collected. */
  readonly followed: readonly Instrument[];
  /** From when on what counts as collected does so no more, by instrument id: it was covered by an end that was none. */
  readonly doubtful: ReadonlyMap<string, number>;
  /** How finding the instruments ended, of each source that was asked. */
  readonly sources: ReadonlyMap<SourceType, DiscoveryEnd>;
  /** Sources that take no part although the symbol has selectors for them, and why. */
  readonly skippedSources: Readonly<Partial<Record<SourceType, string>>>;
  readonly problems: readonly string[];
  /** Markets whose outcomes are others than those that are stored, as their venue has them now. */
  readonly refused: readonly Instrument[];
  /** Requests that discovery took. */
  readonly requests: number;
}

/** How many instruments a source has for the symbol, or why they cannot be found. */
export type DiscoveryEnd = { readonly instruments: number } | { readonly error: PredictLabError };

export interface PlanRequest {
  readonly entry: CatalogueEntry;
  readonly sourceTypes: readonly SourceType[];
  readonly sources: Sources;
  readonly window: TimeRange;
  readonly asOf: number;
  readonly known: readonly StoredInstrument[];
  readonly signal: AbortSignal;
  readonly time: SourceTime;
  /** Our clock. @default the system's */
  readonly now?: () => number;
}

/**
 * Asks every source for the instruments of the symbol's selectors. A source that cannot be asked does not keep the others from
 * theirs; selectors without a market are problems.
 */
export async function planCollection(request: PlanRequest): Promise<CollectPlan> {
  const { entry, sources, window, asOf, known, signal, time, now = Date.now } = request;
  const skippedSources: Partial<Record<SourceType, string>> = {};
  const found = await Promise.allSettled(
    request.sourceTypes.map(async (type) => {
      const selectors: readonly unknown[] = entry.sources[type] ?? [];
      const available = sources[type];
      if ('skipped' in available) {
        if (selectors.length > 0) skippedSources[type] = available.skipped;
        return undefined;
      }
      const { source } = available;
      const mine = known.filter((instrument) => instrument.source === type);
      const question = { symbol: entry.symbol, window, asOf, known: mine, signal: crowdedSignal(signal, time.signal) };
      try {
        const discovery = selectors.length > 0 ? await source.discover({ ...question, selectors }) : undefined;
        return { source, selectors, discovery, followed: await followUp(source, question, discovery?.instruments ?? []) };
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

  // what was found now comes first: a twin's state of an earlier run is of then
  const present = discovered.flatMap(({ discovery, followed }) => [...(discovery?.instruments ?? []), ...followed.instruments]);
  const seen = new Set(present.map(({ id }) => id));
  const others = [...present, ...known.filter(({ id }) => !seen.has(id))];
  const before = new Map(known.map(({ key, ...instrument }) => [instrument.id, instrument]));
  const contradictions: string[] = [];
  const refused: Instrument[] = [];
  const doubtful = new Map<string, number>();
  const noted = (found: Instrument, seen: Omit<Seen, 'asOf'>): Instrument[] => {
    // of their files users say themselves when a market ended and what became of it: a slip that they correct leaves no trace
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
    // an attempt after the one that has seen it says it too
    if (instrument.tookBack?.asOf === asOf) contradictions.push(instrument.tookBack.said);
    return [{ ...instrument, book: instrument.book ?? earlier?.book ?? null }];
  };
  const sound = (answered: number): number => soundClock({ answered, asOf, now: now() });
  const instruments = discovered.flatMap(({ source, selectors, discovery, followed }) => {
    // a market that is asked for once more stays as the venue described it last
    const again = new Map(followed.instruments.map((found) => [found.id, found]));
    return (discovery?.instruments ?? []).flatMap((found) => {
      const answered = again.get(found.id);
      const clock = sound(answered === undefined ? (discovery?.clock ?? asOf) : followed.clock);
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
        .flatMap((found) => noted(found, { clock: sound(followed.clock), again: true })),
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

/** How long after it was first seen closed a market that nobody selects is asked for its result. */
const FOLLOWED_MS = 30 * DAY_MS;

/**
 * Asks about markets that earlier runs found and that no selector names any more, until they have settled: what is held of them
 * needs their end. And once more about each that has settled, a day later: nobody asks for those otherwise. What goes wrong here is
 * no failure of a run that did not ask for them; the next one asks again.
 */
async function followUp(
  source: Source,
  question: Omit<DiscoverRequest, 'selectors' | 'known'> & { readonly known: readonly StoredInstrument[] },
  found: readonly Instrument[],
): Promise<Pick<Discovery, 'instruments' | 'requests' | 'clock'>> {
  const { known, asOf, signal } = question;
  const selected = new Set(found.map(({ id }) => id));
  const dropped = known.filter((each) => !selected.has(each.id) && !isFinal(each) && asOf - (each.seenClosedAt ?? asOf) <= FOLLOWED_MS);
  const settled = known.filter((each) => isToBeConfirmed(each, asOf)).slice(0, CONFIRMED_AT_ONCE);
  const asked = new Map([...dropped, ...settled].map((each) => [each.id, each]));
  const selectors = [...asked.values()].flatMap((each) => source.selectorOf(each) ?? []);
  const nothing = { instruments: [], requests: 0, clock: asOf };
  if (selectors.length === 0) return nothing;
  try {
    const { instruments, requests, clock } = await source.discover({
      ...question,
      known: known.filter(({ id }) => !asked.has(id)),
      selectors,
    });
    const answered = instruments.filter(({ id }) => asked.has(id));
    const there = new Set(answered.map(({ id }) => id));
    // one that the venue lists no more stays as the venue described it last
    const gone = settled.filter(({ id }) => !there.has(id)).map(({ key: _, ...each }) => each);
    return { instruments: [...answered, ...gone], requests, clock };
  } catch (error) {
    if (signal.aborted) throw error;
    return nothing;
  }
}

/** More markets are not asked for once more in one run: after a long pause they may be thousands. */
const CONFIRMED_AT_ONCE = 100;

/** What is newest is lost first when time is short: what trades now, then what closed last. */
const urgency = ({ closed, closedAt, closesAt }: Instrument): number => (closed ? (closedAt ?? closesAt ?? 0) : Number.MAX_SAFE_INTEGER);
