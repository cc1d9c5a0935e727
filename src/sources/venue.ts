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

/** The key that a venue requires. It is sent as a header, and it is redacted in every text. */
export interface VenueKey {
  readonly header: string;
  readonly variable: string;
  /** Advice where to get a key, as a clause: `get one in its developer console`. */
  readonly remedy: string;
  /** Hosts that answer without a key. @default none */
  readonly keyless?: readonly string[];
}

/** Facts about a venue that PredictLab needs before it sends a request. */
export interface VenueFacts<Selector> {
  /** The source type, in lower case. It is also the first part of the ids of the venue's instruments. */
  readonly name: string;
  /** The venue's name as users read it. */
  readonly title: string;
  /** Schema of one selector of the catalogue. */
  readonly selector: z.ZodType<Selector>;
  /** The forms of a selector, for messages: `{"ticker": "…"} or {"eventTicker": "…"}`. */
  readonly forms: string;
  /** An example of a selector as the command line accepts it: `ticker=KXRAIN-26DEC24`. */
  readonly example: string;
  /** Whether a run that names no sources collects from this venue. @default true */
  readonly byDefault?: boolean;
}

/** HTTP clients of a venue's hosts for one piece of work, and the chosen words of its options. */
export interface VenueContext<Host extends string> {
  readonly http: Readonly<Record<Host, Http>>;
  readonly options: Readonly<Record<string, string>>;
}

export interface FoundInstruments {
  readonly instruments: readonly Instrument[];
  /** One sentence for each selector that matches nothing and each market that cannot be read. */
  readonly problems: readonly string[];
}

/** One page of trades as an adapter reads it, newest first. */
export interface TradePage {
  readonly rows: readonly ReadRow[];
  /** Cursor of the next, older page; null at the end of the history. */
  readonly next: string | null;
  /** Number of copies of each content that the previous page has, where this page continues with more of them; is updated. */
  readonly copies?: Map<string, number>;
}

export interface TradeReader {
  /** Reads one page. @param cursor null for the newest page */
  read(cursor: string | null): Promise<TradePage>;
  /** Meaning of a repeated page: `retry` for a mistake of the venue, `end-of-paging` for its way to end the paging. @default "retry" */
  readonly repeats?: 'retry' | 'end-of-paging';
}

/** The newest trades of several markets, from one request. */
export interface SharedTrades {
  /** The rows of each market by instrument id, newest first. */
  readonly rows: ReadonlyMap<string, readonly ReadRow[]>;
  /** The rows include every trade after this time; -Infinity when they are all trades. UTC epoch milliseconds. */
  readonly after: number;
  /** The venue's clock when the newest trades were read. @default its clock at this request */
  readonly clock?: number;
}

/** A part of a listing of a venue's markets. */
export interface ListedMarkets extends FoundInstruments {
  /** Ids of the instruments that match the rule: those that join a universe. */
  readonly matching: ReadonlySet<string>;
}

/** The listing of a venue's markets for universes. */
export interface VenueUniverse<Rule = unknown, Host extends string = string> {
  /** Schema of one rule, which chooses markets. */
  readonly rule: z.ZodType<Rule>;
  /** The forms of a rule, for messages. */
  readonly forms: string;
  /**
   * Lists the markets that match a rule, and those that are members already, whether they match or not.
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
 * A venue: facts about it, and functions that read its routes by HTTP clients. The clients keep the rate limits, retry, limit the size of
 * answers and count them. PredictLab does the rest: walks, coverage, identity, quarantine and settlement.
 */
export interface Venue<Selector = unknown, Host extends string = string> extends VenueFacts<Selector> {
  /** The hosts by name. The first one lists the markets, and its clock counts as the venue's clock. */
  readonly hosts: Readonly<Record<Host, VenueHost>>;
  readonly key?: VenueKey;
  /** Documented limits by family of routes. A request that names no family belongs to the first one. */
  readonly limits: Readonly<Record<string, RateLimit>>;
  /** Environment variables with the words that each may have; the first word is the default. */
  readonly options?: Readonly<Record<string, readonly [string, ...string[]]>>;
  /** Time span before now that the venue shows, per kind of rows, in milliseconds; null where it shows all. @default null for each kind */
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
  /** Reads the venue's volumes of the whole hours in a range, which confirm that a first collection lacks no trade. @default none */
  hourlyVolumes?(context: VenueContext<Host>, instrument: Instrument, range: TimeRange): Promise<readonly TimedVolume[]>;
  /** The listing of the venue's markets for universes. @default the venue cannot be in a universe */
  // biome-ignore lint/suspicious/noExplicitAny: each venue has its own rules
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly universe?: VenueUniverse<any, Host>;
  /** Reads one trade in the venue's format, from a page or from a stored row of the quarantine. */
  readTrade(row: unknown, instrument: Instrument): ReadRow;
  /** Streams price points in addition to trades. @default none */
  points?(context: VenueContext<Host>, request: CollectRequest, resume: PriceCursor | undefined): AsyncIterable<PointsPage> | undefined;
  book?(context: VenueContext<Host>, instrument: Instrument): Promise<BookLevels>;
  search?(context: VenueContext<Host>, query: SearchQuery): Promise<readonly SearchHit[]>;
  /** Whether `search` knows tags. @default false */
  readonly hasTags?: boolean;
  /** The routes that `predictlab probe` requests, each once. A function compares the answers with what the adapter expects. */
  readonly probe?: ((context: VenueContext<Host>, prober: Prober) => Promise<readonly ProbedRoute[] | void>) | VenueProbe<Host>;
}

/** The routes to probe, in words. PredictLab itself reads trades and book of the first open market in the listing. */
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

/** A venue whose functions may run on another thread, so that each may return a promise. */
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
