import type { PredictLabError } from '../contracts/errors.ts';
import type { CandidateRow, Instrument, TimeRange } from '../contracts/market-data.ts';
import type { Json } from '../contracts/run/pipeline-input.ts';
import type { CoverageEvidence, SourceType, TickKind } from '../contracts/words.ts';

/** What `discover` works from: one symbol's selectors for this source, and the run's window. */
export interface DiscoverRequest<Selector = unknown> {
  readonly symbol: string;
  readonly selectors: readonly Selector[];
  /** `from ≤ time ≤ to`, UTC epoch milliseconds. */
  readonly window: TimeRange;
  readonly asOf: number;
  /** Instruments of this symbol that earlier runs found; settled ones are not requested again. */
  readonly known: readonly Instrument[];
  readonly signal: AbortSignal;
}

export interface Discovery {
  readonly instruments: readonly Instrument[];
  /** Selectors that match nothing, one sentence each; they do not take the other instruments of the symbol with them. */
  readonly problems: readonly string[];
  /** HTTP requests made; 0 for files. */
  readonly requests: number;
  /** The venue's clock when it answered, less the `Age` of an answer from a cache; UTC epoch milliseconds. */
  readonly clock: number;
}

/** Which ranges of each kind of tick earlier runs collected; merged and sorted. */
export type CoveredRanges = Readonly<Record<TickKind, readonly TimeRange[]>>;

/** A range `[from, to)` that counts as collected, and what that rests on. */
export interface CoveredRange extends TimeRange {
  /** @default "walked" */
  readonly evidence?: CoverageEvidence;
}

/** What earlier runs know of an instrument that is collected again. */
export interface CollectedBefore {
  readonly covered: CoveredRanges;
  /** The latest moment at which an earlier run looked for each kind, covered or not; null when none has. UTC epoch milliseconds. */
  readonly looked: Readonly<Record<TickKind, number | null>>;
  /** Ranges of trades that a second witness contradicts and that were walked again lately. @default none */
  readonly doubted?: readonly TimeRange[];
  /** Which of these rows are ticks already, by place. */
  isStored(rows: readonly CandidateRow[]): Promise<readonly boolean[]>;
  /** Whether there are trades in some hour before the one of this moment; UTC epoch milliseconds. */
  hasTradesBefore(time: number): Promise<boolean>;
}

export interface CollectRequest<Selector = unknown> {
  readonly instrument: Instrument;
  readonly selectors: readonly Selector[];
  /** `from ≤ time ≤ to`, UTC epoch milliseconds. Rows outside are left to other runs. */
  readonly window: TimeRange;
  readonly asOf: number;
  /** The venue's clock when the instrument was discovered. */
  readonly clock: number;
  readonly before: CollectedBefore;
  /** How late rows of this source are expected, in milliseconds: nothing younger counts as collected. */
  readonly lateness: number;
  /** Take the whole window again, whatever is covered. */
  readonly refetch: boolean;
  /** Re-read covered time further down than needed, as a second look. @default false */
  readonly sampled?: boolean;
  /** The cursor of the last page that an earlier attempt staged; the stream continues after it. */
  readonly cursor: Json | undefined;
  readonly signal: AbortSignal;
}

/** What a whole walk through an instrument's trades, or a look at its newest price points, has seen. */
export interface WalkSeen {
  /** Nothing that the venue showed at this moment was left out; null when the walk read only the newest pages. UTC epoch milliseconds. */
  readonly looked: number | null;
  /** The newest trade at the venue, also beyond the run's window; null where there was none. */
  readonly newest: number | null;
  /** How long after the look that missed it a row was found, at most, in milliseconds; 0 where none was. */
  readonly lateBy: number;
  /** Coverage from here on is withdrawn: it was claimed before the venue's lateness was known. Null where none is. */
  readonly withdrawnFrom: number | null;
  /** Rows that were missing in covered time and are older than any lateness; absent for price points. */
  readonly missed?: number;
}

/** One page of one instrument: its rows, the time it covers, and where the next page starts. */
export interface SourcePage {
  readonly kind: TickKind;
  /** In the venue's own order. */
  readonly rows: readonly CandidateRow[];
  readonly order: 'newest-first' | 'oldest-first';
  /** Small JSON; passed back as `CollectRequest.cursor`, the stream continues after this page. */
  readonly cursor: Json;
  /** Ranges of `kind` that are completely collected now that this page is staged. Never of a poll that failed. */
  readonly coverage: readonly CoveredRange[];
  /** HTTP requests this page took, retries included. */
  readonly requests: number;
  /** The grain of the page's price points in seconds, and the time `[from, to)` for which the page has all of them: coarser stored points are replaced there. */
  readonly points?: { readonly grain: number; readonly range: TimeRange };
  /** What a walk through the trades has seen, on its last page; of price points, on the page of the newest ones. */
  readonly walked?: WalkSeen;
  /** The order book as it stood, where the page looked at it. */
  readonly book?: Instrument['book'];
  /** What a user should know about this instrument's rows, one sentence each. */
  readonly problems?: readonly string[];
}

/**
 * One venue (or the user's files) behind one interface; a new venue is one folder that implements it.
 *
 * A source parses and normalises, it never judges: a row it cannot read becomes a `CandidateRow` with a `defect`, an
 * answer it cannot read becomes `SourceSchemaChanged`. Every error it throws is a `PredictLabError` named by its effect.
 */
export interface Source<Selector = unknown> {
  readonly type: SourceType;
  /** How far back the venue shows rows of each kind, in milliseconds: nothing older can be claimed. Null where it shows all. @default null for every kind */
  readonly horizon?: Readonly<Record<TickKind, number | null>>;
  /** The instruments that the selectors match in the window, in a stable order, with the venue's facts about them. */
  discover(request: DiscoverRequest<Selector>): Promise<Discovery>;
  /**
   * The rows of one instrument, newest pages first, one page in memory at a time. Asks only for what `covered` lacks plus
   * a small overlap for late rows; yields nothing when nothing is missing.
   */
  collect(request: CollectRequest<Selector>): AsyncIterable<SourcePage>;
  /** The selector that names this one market; undefined where the source has nothing more to say about it. */
  selectorOf(instrument: Instrument): Selector | undefined;
  /** The error, named by its effect. */
  describe(error: unknown): PredictLabError;
}

/** A source that takes part in a run, or the reason why it cannot. */
export type AvailableSource = { readonly source: Source } | { readonly skipped: string };

/** Every source by its type; sources without a key are there with their reason. */
export type Sources = Readonly<Record<SourceType, AvailableSource>>;

/** One thing a user could add to a symbol, found by searching a venue. */
export interface SearchHit {
  readonly source: SourceType;
  readonly title: string;
  /** The selector to put into the catalogue. */
  readonly selector: Json;
  readonly markets: number;
  readonly closed: boolean;
  /** Ids of the instruments that the selector would bring. */
  readonly instruments: readonly string[];
  /** Ids of the same markets at other venues. */
  readonly twins: readonly string[];
}
