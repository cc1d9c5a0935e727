import type { z } from 'zod';
import type { RateLimit } from '../budget/rate-limits.ts';
import type { Instrument, TimeRange } from '../contracts/market-data.ts';
import type { TickKind } from '../contracts/words.ts';
import type { TimedVolume } from '../market/second-witness.ts';
import type { BookLevels } from './book.ts';
import type { ReadRow } from './candidate.ts';
import type { Http } from './http/venue-client.ts';
import type { ProbedRoute } from './probe/judge-answer.ts';
import type { Prober, RouteToProbe } from './probe/prober.ts';
import type { CollectRequest, DiscoverRequest, PointsPage, PriceCursor, SearchHit, SharedLook, Source } from './source.ts';

/** A host of a venue: its address, and the environment variable that replaces it. */
export interface VenueHost {
  readonly url: string;
  readonly variable: string;
  /** Path of a small request that the host answers without a key; `doctor` sends it. */
  readonly check: string;
}

/** The key that a venue requires. It is sent as a header and removed from every text. */
export interface VenueKey {
  readonly header: string;
  readonly variable: string;
  /** Where a user gets a key, as a clause: `get one in its developer console`. */
  readonly remedy: string;
  /** Hosts that answer without a key. @default none */
  readonly keyless?: readonly string[];
}

/** What PredictLab has to know about a venue before it sends a request. */
export interface VenueFacts<Selector> {
  /** The source type, and the first part of the ids of its instruments: lower case. */
  readonly name: string;
  /** The name for people. */
  readonly title: string;
  /** Schema of one selector of the catalogue. */
  readonly selector: z.ZodType<Selector>;
  /** The forms of a selector, for messages: `{"ticker": "…"} or {"eventTicker": "…"}`. */
  readonly forms: string;
  /** A selector as the command line takes it: `ticker=KXRAIN-26DEC24`. */
  readonly example: string;
  /** Whether runs that name no sources collect from it. @default true */
  readonly byDefault?: boolean;
}

/** HTTP clients of a venue's hosts for one piece of work, and the words of its options. */
export interface VenueContext<Host extends string> {
  readonly http: Readonly<Record<Host, Http>>;
  readonly options: Readonly<Record<string, string>>;
}

export interface FoundInstruments {
  readonly instruments: readonly Instrument[];
  /** One sentence per selector that matches nothing and per market that cannot be read. */
  readonly problems: readonly string[];
}

/** One page of trades as an adapter reads it, newest first. */
export interface TradePage {
  readonly rows: readonly ReadRow[];
  /** Cursor of the next, older page; null at the end of the history. */
  readonly next: string | null;
  /** Number of copies of each content at the end of the previous page, which this page continues; is updated. */
  readonly copies?: Map<string, number>;
}

export interface TradeReader {
  /** @param cursor null for the newest page */
  read(cursor: string | null): Promise<TradePage>;
  /** What a repeated page means: `retry` = a mistake of the venue, `end-of-paging` = the unmarked last page. @default "retry" */
  readonly repeats?: 'retry' | 'end-of-paging';
}

/** The newest trades of several markets, from one request. */
export interface SharedTrades {
  /** The rows of each market by instrument id, newest first. */
  readonly rows: ReadonlyMap<string, readonly ReadRow[]>;
  /** Every trade after this time is on the page; -Infinity when it has all trades. UTC epoch milliseconds. */
  readonly after: number;
  /** The venue's clock when the newest trades were read. @default at this request */
  readonly clock?: number;
}

/** A part of a listing of a venue's markets. */
export interface ListedMarkets extends FoundInstruments {
  /** Ids of the instruments that match the rule: those that join a universe. */
  readonly matching: ReadonlySet<string>;
}

/** How a venue lists its markets for universes. */
export interface VenueUniverse<Rule = unknown, Host extends string = string> {
  /** Schema of one rule, which chooses markets. */
  readonly rule: z.ZodType<Rule>;
  /** The forms of a rule, for messages. */
  readonly forms: string;
  /** Maximum number of markets that one listing request returns, for estimates. */
  readonly pageSize: number;
  /**
   * Lists the markets that match a rule, and those that are known already, whether they match or not.
   * @param known ids of the instruments that are members already
   */
  list(context: VenueContext<Host>, rule: Rule, known: ReadonlySet<string>): AsyncIterable<ListedMarkets>;
}

export interface SearchQuery {
  readonly text: string;
  /** Restricts the search to a tag, for venues that have tags. */
  readonly tag?: string;
}

/**
 * A venue: facts, and routes as functions over HTTP clients, which keep the rate limits, retry, and bound and record the answers.
 * Walks, coverage, identity, quarantine and settlement are PredictLab's.
 */
export interface Venue<Selector = unknown, Host extends string = string> extends VenueFacts<Selector> {
  /** The first host is the one that lists the markets; its clock counts as the venue's clock. */
  readonly hosts: Readonly<Record<Host, VenueHost>>;
  readonly key?: VenueKey;
  /** Documented limits by family of routes; the first family is the default of a request. */
  readonly limits: Readonly<Record<string, RateLimit>>;
  /** Environment variables that choose between words; the first word is the default. */
  readonly options?: Readonly<Record<string, readonly [string, ...string[]]>>;
  /** Time span for which the venue shows rows, per kind, in milliseconds; null where it shows all. @default null for each kind */
  readonly horizonMs?: Readonly<Record<TickKind, number | null>>;
  /** Finds the markets that selectors match in the window. Settled markets among `known` need no request. */
  discover(context: VenueContext<Host>, request: DiscoverRequest<Selector>): Promise<FoundInstruments>;
  /** The selector that names one market alone. */
  selectorOf(instrument: Instrument): Selector;
  trades(context: VenueContext<Host>, instrument: Instrument): TradeReader;
  /** Reads the newest trades of at most `sharedMarkets` markets together. @default markets are read one by one */
  sharedTrades?(context: VenueContext<Host>, instruments: readonly Instrument[], look: SharedLook): Promise<SharedTrades | undefined>;
  /** Maximum number of markets of one shared request; Infinity where it reads the trades of the whole venue. @default 20 */
  readonly sharedMarkets?: number;
  /** Reads the volumes of the whole hours in a range, counted apart from the trades; they confirm a market's first collection. @default none */
  hourlyVolumes?(context: VenueContext<Host>, instrument: Instrument, range: TimeRange): Promise<readonly TimedVolume[]>;
  /** How the venue lists its markets. @default the venue cannot be in a universe */
  // biome-ignore lint/suspicious/noExplicitAny: each venue has its own rules
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly universe?: VenueUniverse<any, Host>;
  /** Reads one original trade; also used to read rows of the quarantine again. */
  readTrade(row: unknown, instrument: Instrument): ReadRow;
  /** Streams price points in addition to trades. @default none */
  points?(context: VenueContext<Host>, request: CollectRequest, resume: PriceCursor | undefined): AsyncIterable<PointsPage> | undefined;
  book?(context: VenueContext<Host>, instrument: Instrument): Promise<BookLevels>;
  search?(context: VenueContext<Host>, query: SearchQuery): Promise<readonly SearchHit[]>;
  /** Whether `search` knows tags. @default false */
  readonly hasTags?: boolean;
  /** What `predictlab probe` requests: each route once, with how the answers compare with what the adapter expects. */
  readonly probe?: ((context: VenueContext<Host>, prober: Prober) => Promise<readonly ProbedRoute[] | void>) | VenueProbe<Host>;
}

/** The routes to probe, in words; PredictLab requests those of the trades and the book for the first open market of the listing. */
export interface VenueProbe<Host extends string = string> {
  readonly markets: RouteToProbe & { read(context: VenueContext<Host>): Promise<readonly Instrument[]> };
  readonly trades: RouteToProbe;
  readonly book?: RouteToProbe;
  /** Further routes; `read` returns a summary of the answer. */
  readonly others?: readonly (RouteToProbe & { read(context: VenueContext<Host>): Promise<string> })[];
}

/** A source without HTTP, such as the user's files. */
export interface LocalVenue<Selector = unknown> extends VenueFacts<Selector> {
  source(): Source<Selector>;
}

// biome-ignore lint/suspicious/noExplicitAny: each venue has its own selectors and hosts
// oxlint-disable-next-line typescript/no-explicit-any
type HttpVenue = Venue<any, any>;

/** A venue whose routes may run on a thread of their own, so that each may return a promise. */
export interface RunningVenue extends Omit<HttpVenue, 'selectorOf' | 'trades' | 'readTrade'> {
  selectorOf(instrument: Instrument): unknown;
  trades(context: VenueContext<string>, instrument: Instrument): TradeReader | Promise<TradeReader>;
  readTrade(row: unknown, instrument: Instrument): ReadRow | Promise<ReadRow>;
}

/** Any loaded venue, whatever its selectors and hosts. */
// biome-ignore lint/suspicious/noExplicitAny: each venue has its own selectors
// oxlint-disable-next-line typescript/no-explicit-any
export type AnyVenue = RunningVenue | LocalVenue<any>;

/**
 * Types a venue; returns it unchanged. docs/venues.md goes through an example.
 *
 * @example
 * export default definePlugin({ venues: [defineVenue({ name: 'toy', title: 'Toy', … })] });
 */
export const defineVenue = <Selector, const Host extends string>(venue: Venue<Selector, Host>): Venue<Selector, Host> => venue;
