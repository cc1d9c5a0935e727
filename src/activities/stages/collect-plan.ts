import type { CatalogueEntry } from '../../contracts/catalogue.ts';
import { PredictLabError } from '../../contracts/errors.ts';
import type { Instrument, TimeRange } from '../../contracts/market-data.ts';
import type { SourceType } from '../../contracts/words.ts';
import { noteClose } from '../../sources/market-life.ts';
import type { Source, Sources } from '../../sources/source.ts';
import type { StoredInstrument } from '../../storage/markets/instruments.ts';

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
  /** How finding the instruments ended, of each source that was asked. */
  readonly sources: ReadonlyMap<SourceType, DiscoveryEnd>;
  /** Sources that take no part although the symbol has selectors for them, and why. */
  readonly skippedSources: Readonly<Partial<Record<SourceType, string>>>;
  readonly problems: readonly string[];
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
}

/**
 * Asks every source for the instruments of the symbol's selectors. A source that cannot be asked does not keep the others from
 * theirs; selectors without a market are problems.
 */
export async function planCollection(request: PlanRequest): Promise<CollectPlan> {
  const { entry, sources, window, asOf, known, signal } = request;
  const skippedSources: Partial<Record<SourceType, string>> = {};
  const found = await Promise.allSettled(
    request.sourceTypes.map(async (type) => {
      const selectors: readonly unknown[] = entry.sources[type] ?? [];
      if (selectors.length === 0) return undefined;
      const available = sources[type];
      if ('skipped' in available) {
        skippedSources[type] = available.skipped;
        return undefined;
      }
      const { source } = available;
      const mine = known.filter((instrument) => instrument.source === type);
      try {
        const discovery = await source.discover({ symbol: entry.symbol, selectors, window, asOf, known: mine, signal });
        return { source, selectors, discovery };
      } catch (error) {
        throw signal.aborted ? error : source.describe(error);
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
    else if (result.value !== undefined) ends.set(type, { instruments: result.value.discovery.instruments.length });
  }

  const before = new Map(known.map(({ key, ...instrument }) => [instrument.id, instrument]));
  const instruments = discovered.flatMap(({ source, selectors, discovery }) =>
    discovery.instruments.map((found) => {
      const instrument = noteClose(found, before.get(found.id), { asOf, clock: discovery.clock });
      return {
        instrument: { ...instrument, book: instrument.book ?? before.get(found.id)?.book ?? null },
        source,
        selectors,
        clock: discovery.clock,
      };
    }),
  );
  return {
    instruments: instruments.sort((a, b) => urgency(b.instrument) - urgency(a.instrument)),
    sources: ends,
    skippedSources,
    problems: [
      ...failures.filter(({ type }) => type === 'BadInput').map(({ message }) => message),
      ...discovered.flatMap(({ discovery }) => discovery.problems),
    ],
    requests: discovered.reduce((sum, { discovery }) => sum + discovery.requests, 0),
  };
}

/** What is newest is lost first when time is short: what trades now, then what closed last. */
const urgency = ({ closed, endsBy, closesAt }: Instrument): number => (closed ? (endsBy ?? closesAt ?? 0) : Number.MAX_SAFE_INTEGER);
