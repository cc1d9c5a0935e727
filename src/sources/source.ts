import type { PredictLabError } from '../contracts/errors.ts';
import type { CandidateRow, Instrument, TimeRange } from '../contracts/market-data.ts';
import type { Json } from '../contracts/run/pipeline-input.ts';
import type { CoverageEvidence, SourceType, TickKind } from '../contracts/words.ts';
import type { TimedVolume } from '../market/second-witness.ts';

/** A request to list the markets of a universe at one venue. */
export interface ListRequest {
  readonly rules: readonly unknown[];
  readonly asOf: number;
  /** Ids of the instruments that are members already. */
  readonly known: ReadonlySet<string>;
  readonly signal: AbortSignal;
}

/** A part of a listing. `matching` has the ids of the markets that match the universe's rules. */
export interface ListedPage extends Discovery {
  readonly matching: ReadonlySet<string>;
}

/** The newest trades of one market, read together with those of others. */
export interface SharedPage {
  readonly rows: readonly CandidateRow[];
  /** The rows include every trade after this time; -Infinity when they are all trades of the market. UTC epoch milliseconds. */
  readonly after: number;
  /** The venue's clock when it answered. */
  readonly clock: number;
  readonly requests: number;
}

/** The requirements of several markets' collections when their newest trades are read together. */
export interface SharedLook {
  readonly asOf: number;
  /** Time back to which most of the markets need trades; UTC epoch milliseconds. */
  readonly since: number;
  /** The venue's clock when it listed the markets. Trades that were read before that are too old. */
  readonly clock: number;
  /** Number of requests that reading the markets one by one would need; a shared reading that needs more stops. */
  readonly worth: number;
}

/** The input of `discover`: one symbol's selectors for the source, and the run's window. */
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
  /** Messages about selectors that match nothing, one sentence each; the other instruments of the symbol are still collected. */
  readonly problems: readonly string[];
  /** Number of HTTP requests; 0 for files. */
  readonly requests: number;
  /** The venue's clock at its answer, less the `Age` of a cached answer; UTC epoch milliseconds. */
  readonly clock: number;
}

/** Time ranges that earlier runs collected, for trades and for price points; merged and sorted. */
export type CoveredRanges = Readonly<Record<TickKind, readonly TimeRange[]>>;

/** A range `[from, to)` that counts as collected, and the evidence that it was. */
export interface CoveredRange extends TimeRange {
  /** How the coverage is known. @default "walked" */
  readonly evidence?: CoverageEvidence;
}

export interface CollectedBefore {
  readonly covered: CoveredRanges;
  /** Time up to which earlier runs have read the venue, covered or not, per kind; null if none has. UTC epoch milliseconds. */
  readonly looked: Readonly<Record<TickKind, number | null>>;
  /** Ranges whose trades contradict the venue's own totals and that were walked again recently. @default none */
  readonly doubted?: readonly TimeRange[];
  /** Returns for each row whether it is already stored as a tick. */
  isStored(rows: readonly CandidateRow[]): Promise<readonly boolean[]>;
  /** Whether a trade is stored after the hour of `since` and before that of `time` (epoch milliseconds). @default since the first */
  hasTradesBefore(time: number, since?: number): Promise<boolean>;
}

export interface CollectRequest<Selector = unknown> {
  readonly instrument: Instrument;
  readonly selectors: readonly Selector[];
  /** The run's window: `from ≤ time ≤ to`, UTC epoch milliseconds. Rows outside it belong to other runs. */
  readonly window: TimeRange;
  readonly asOf: number;
  /** The venue's clock when the instrument was discovered. */
  readonly clock: number;
  readonly before: CollectedBefore;
  /** Expected lateness of the instrument's rows in milliseconds; more recent time does not count as collected. */
  readonly lateness: number;
  /** Whether to collect the whole window again, including covered time. */
  readonly refetch: boolean;
  /** Whether to read covered time again, further back than needed, as a second look. @default false */
  readonly sampled?: boolean;
  /** Whether price points and order books are left out. @default false */
  readonly tradesOnly?: boolean;
  /** The market's newest trades, where they were read together with those of other markets. @default the walk reads them */
  readonly shared?: SharedPage;
  /** The cursor of the last page that an earlier attempt staged; the stream continues after it. */
  readonly cursor: Json | undefined;
  readonly signal: AbortSignal;
}

/** The result of a complete walk through an instrument's trades, or of a look at its newest price points. */
export interface WalkSeen {
  /** Time up to which the walk saw all that the venue showed; null when it read only the newest pages. UTC epoch milliseconds. */
  readonly looked: number | null;
  /** Time of the newest trade at the venue, even if it is after the run's window; null if there is no trade. */
  readonly newest: number | null;
  /** Largest lateness, in milliseconds, of a row that an earlier look did not see; 0 where there is no such row. */
  readonly lateBy: number;
  /** Time from which coverage is withdrawn, because it was claimed before the venue's real lateness was known; null where none is. */
  readonly withdrawnFrom: number | null;
  /** Number of rows that were missing in covered time and are older than any lateness; absent for price points. */
  readonly missed?: number;
}

/** One page of an instrument: its rows, the time that it covers, and the cursor to the next page. */
export interface SourcePage {
  readonly kind: TickKind;
  /** The rows in the venue's order. */
  readonly rows: readonly CandidateRow[];
  readonly order: 'newest-first' | 'oldest-first';
  /** Position in the stream as small JSON. When it is passed back as `CollectRequest.cursor`, the stream continues after this page. */
  readonly cursor: Json;
  /** Ranges in which all rows of `kind` are collected once this page is staged. */
  readonly coverage: readonly CoveredRange[];
  /** Number of HTTP requests for this page, including retries. */
  readonly requests: number;
  /** Grain of the page's price points in seconds, and the range `[from, to)` in which they are complete and replace coarser stored ones. */
  readonly points?: { readonly grain: number; readonly range: TimeRange };
  /** The result of the walk, on the last page of trades or on the page with the newest price points. */
  readonly walked?: WalkSeen;
  /** The order book, on a page that read it. */
  readonly book?: Instrument['book'];
  /** Messages for the user about this instrument's rows, one sentence each. */
  readonly problems?: readonly string[];
}

/** Progress of a price collection. Points are collected from the newest down to `below`, where the next attempt continues. */
export interface PriceCursor {
  readonly below: number;
}

/** One page of price points. */
export type PointsPage = Omit<SourcePage, 'cursor' | 'requests'> & { readonly cursor: PriceCursor };

/**
 * One venue, or the user's files, as a run uses it. A source parses rows but does not judge them: a row that it cannot read becomes a
 * `CandidateRow` with a `defect`. An answer that it cannot read throws `SourceSchemaChanged`; all errors are `PredictLabError`s.
 */
export interface Source<Selector = unknown> {
  readonly type: SourceType;
  /**
   * Time span before now that the venue shows, per kind of rows, in milliseconds; null where it shows all. Older time is never claimed.
   * @default null for every kind
   */
  readonly horizon?: Readonly<Record<TickKind, number | null>>;
  /** Finds the instruments that the selectors match in the window, in a stable order, with the venue's facts about them. */
  discover(request: DiscoverRequest<Selector>): Promise<Discovery>;
  /**
   * Streams the rows of one instrument, newest pages first, one page in memory at a time. Reads only time that is not covered, and a little
   * more for late rows.
   */
  collect(request: CollectRequest<Selector>): AsyncIterable<SourcePage>;
  /** Lists the markets of a universe. @default the source cannot be in a universe */
  list?(request: ListRequest): AsyncIterable<ListedPage>;
  /** Reads the newest trades of several markets at once, by instrument id; undefined where the answer cannot be used. */
  shared?(
    request: SharedLook & { readonly instruments: readonly Instrument[]; readonly signal: AbortSignal },
  ): Promise<ReadonlyMap<string, SharedPage> | undefined>;
  /** Maximum number of markets in one call of `shared`; Infinity where it reads the trades of the whole venue. */
  readonly sharedMarkets?: number;
  /** Reads the volumes that the venue states for the hours in a range. @default the venue states none */
  hourlyVolumes?(request: {
    readonly instrument: Instrument;
    readonly range: TimeRange;
    readonly asOf: number;
    readonly signal: AbortSignal;
  }): Promise<readonly TimedVolume[]>;
  /** Returns the selector that names this market alone; undefined where the source cannot be queried about a single market. */
  selectorOf(instrument: Instrument): Promise<Selector | undefined>;
  /** Converts an error of the source into a `PredictLabError` named by its effect. */
  describe(error: unknown): PredictLabError;
}

/** A source that can be used in a run, or the reason why it is skipped. */
export type AvailableSource = { readonly source: Source } | { readonly skipped: string };

/** All sources by type; a source without a key has the reason why it is skipped. */
export type Sources = Readonly<Partial<Record<SourceType, AvailableSource>>>;

/** One search result of a venue, which a user can add to a symbol. */
export interface SearchHit {
  readonly source: SourceType;
  readonly title: string;
  /** The selector to put into the catalogue. */
  readonly selector: Json;
  readonly markets: number;
  readonly closed: boolean;
  /** Ids of the instruments that the selector matches. */
  readonly instruments: readonly string[];
  /** Ids of the twins of these instruments at other venues. */
  readonly twins: readonly string[];
}
