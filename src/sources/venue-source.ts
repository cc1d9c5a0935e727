import { precedenceOf } from '../budget/rate-limits.ts';
import { badInput } from '../contracts/errors.ts';
import type { Instrument } from '../contracts/market-data.ts';
import type { Json } from '../contracts/run/pipeline-input.ts';
import type { TimedVolume } from '../market/second-witness.ts';
import { type BookLevels, bestOf, wantsBook } from './book.ts';
import { identifyPage } from './candidate.ts';
import { withTradeAt } from './catalogue/market-life.ts';
import { type Http, newWork, type VenueClient, type Work } from './http/venue-client.ts';
import { isRefusal, venueFailure } from './http/venue-error.ts';
import type { ProbedRoute } from './probe/judge-answer.ts';
import { bookIn, counted, type Prober, rowsIn } from './probe/prober.ts';
import type { CollectRequest, ListedPage, ListRequest, PriceCursor, Source, SourcePage } from './source.ts';
import type { RunningVenue, VenueContext } from './venue.ts';
import { type WalkCursor, walkNewestFirst } from './walk/newest-first-walk.ts';
import { TradeOrder } from './walk/page-seam.ts';

export interface OpenVenue {
  readonly venue: RunningVenue;
  readonly clients: Readonly<Record<string, VenueClient>>;
  readonly options: Readonly<Record<string, string>>;
}

/** The HTTP clients of a venue's hosts for one piece of work, with the venue's options. */
export function contextOf({ clients, options }: OpenVenue, work: Work): VenueContext<string> {
  const http: Record<string, Http> = {};
  for (const [host, client] of Object.entries(clients)) http[host] = client.bind(work);
  return { http, options };
}

/** Creates the source of a venue. */
export function venueSource(opened: OpenVenue): Source {
  const { venue } = opened;
  const [first] = Object.values(opened.clients);
  const order = new TradeOrder();
  return {
    type: venue.name,
    ...(venue.horizonMs !== undefined && { horizon: venue.horizonMs }),
    async discover(request) {
      const work = newWork(precedenceOf(request.asOf), request.signal);
      const found = await venue.discover(contextOf(opened, work), request);
      const byId = new Map(found.instruments.map((instrument) => [instrument.id, instrument]));
      if (byId.size === 0 && found.problems.length > 0) throw badInput(found.problems.join('\n'));
      const { clock } = first;
      return {
        instruments: [...byId.values()]
          .map((each) => withStatedAt(each, clock))
          .sort((a, b) => (a.closesAt ?? Infinity) - (b.closesAt ?? Infinity) || (a.id < b.id ? -1 : 1)),
        problems: found.problems,
        requests: work.requests,
        clock,
      };
    },
    ...(venue.universe !== undefined && { list: (request) => list(opened, request) }),
    ...(venue.sharedTrades !== undefined && {
      sharedMarkets: venue.sharedMarkets ?? 20,
      async shared({ instruments, signal, ...look }) {
        const work = newWork(precedenceOf(look.asOf), signal);
        const page = await venue.sharedTrades?.(contextOf(opened, work), instruments, look);
        if (page === undefined) return undefined;
        const facts = { after: page.after, clock: page.clock ?? work.clock ?? first.clock };
        const pages = instruments.map(({ id, stated }, index) => {
          const rows = identifyPage(page.rows.get(id) ?? []);
          // the venue states a volume for this market, so the answer has left its trades out: the market is read alone
          if (rows.length === 0 && facts.after === Number.NEGATIVE_INFINITY && (stated?.volume ?? 0) > 0) return [];
          return [[id, { ...facts, rows, requests: index === 0 ? work.requests : 0 }] as const];
        });
        return new Map(pages.flat());
      },
    }),
    ...(venue.hourlyVolumes !== undefined && {
      async hourlyVolumes({ instrument, range, asOf, signal }) {
        const volumes: unknown = await venue.hourlyVolumes?.(contextOf(opened, newWork(precedenceOf(asOf), signal)), instrument, range);
        if (Array.isArray(volumes) && volumes.every(isVolume)) return volumes;
        throw badInput(
          `${venue.name}: hourlyVolumes must return [{ from, to, volume }, …] with times in whole milliseconds, from before to`,
        );
      },
    }),
    collect: (request) => collect(opened, order, request),
    selectorOf: async (instrument) => await venue.selectorOf(instrument),
    describe: (error) => venueFailure(venue.name, error),
  };
}

/** Probes the routes of a venue. */
export async function probeVenue(
  { probe, ...venue }: OpenVenue['venue'],
  context: VenueContext<string>,
  prober: Prober,
): Promise<readonly ProbedRoute[] | void> {
  if (typeof probe === 'function') return await probe(context, prober);
  if (probe === undefined) return;
  const { markets, trades, book, others = [] } = probe;
  const market = await prober.read(markets, async () => {
    const read = await markets.read(context);
    return { came: counted(read.length, 'market'), value: read.find(({ closed }) => !closed) };
  });
  const noMarket = 'the listing named no open market';
  const rows = async (of: Instrument) => rowsIn((await (await venue.trades(context, of)).read(null)).rows, 'trade');
  await prober.readIf(market, trades, noMarket, rows);
  const { book: read } = venue;
  if (book !== undefined && read !== undefined) await prober.readIf(market, book, noMarket, async (of) => bookIn(await read(context, of)));
  for (const other of others) await prober.read(other, async () => ({ came: await other.read(context), value: undefined }));
}

const isVolume = (value: Partial<TimedVolume> | null): value is TimedVolume =>
  Number.isSafeInteger(value?.from) &&
  Number.isSafeInteger(value?.to) &&
  Number(value?.from) < Number(value?.to) &&
  Number.isFinite(value?.volume);

/** Dates the venue's totals for an instrument by the clock of the answer. */
const withStatedAt = (instrument: Instrument, clock: number): Instrument =>
  instrument.stated?.at === 0 ? { ...instrument, stated: { ...instrument.stated, at: clock } } : instrument;

/** Maximum number of consecutive pages of a listing without a new request, which stops an adapter that lists without end. */
const MAX_IDLE_PAGES = 100;

/** Lists the markets of a universe's rules, page by page. */
async function* list(opened: OpenVenue, { rules, asOf, known, signal }: ListRequest): AsyncGenerator<ListedPage> {
  const [first] = Object.values(opened.clients);
  const work = newWork(precedenceOf(asOf), signal);
  let before = 0;
  for (const rule of rules) {
    let idle = 0;
    for await (const page of opened.venue.universe?.list(contextOf(opened, work), rule, known) ?? []) {
      const { clock } = first;
      idle = work.requests > before ? 0 : idle + 1;
      if (idle >= MAX_IDLE_PAGES) throw badInput(`${opened.venue.name} listed ${MAX_IDLE_PAGES} pages of markets without a request`);
      yield { ...page, instruments: page.instruments.map((each) => withStatedAt(each, clock)), requests: work.requests - before, clock };
      before = work.requests;
    }
  }
}

/** Progress of a collection: in the trades, in the price points (null before the first), or before the order book. */
type Cursor = { readonly trades: WalkCursor | null } | { readonly prices: PriceCursor | null };

/** Collects trades, then price points where the venue has them, then the order book of an open market. */
async function* collect(opened: OpenVenue, order: TradeOrder, request: CollectRequest): AsyncGenerator<SourcePage> {
  const { venue } = opened;
  const { asOf } = request;
  let { instrument } = request;
  const work = newWork(precedenceOf(asOf), request.signal);
  const context = contextOf(opened, work);
  const cursor = request.cursor as unknown as Cursor | null | undefined;
  const walking = cursor === undefined || cursor === null ? undefined : 'trades' in cursor ? cursor.trades : null;
  if (walking !== null) {
    const trades = await venue.trades(context, instrument);
    const pages = walkNewestFirst({
      ...request,
      venue: venue.name,
      horizonMs: venue.horizonMs?.trade ?? null,
      resume: walking,
      fetch: async (at) => {
        const before = work.requests;
        const { rows, next, copies } = await trades.read(at);
        return { rows: identifyPage(rows, copies), next, requests: work.requests - before, clock: work.clock ?? request.clock };
      },
      repeats: trades.repeats ?? 'retry',
      order,
    });
    for await (const page of pages) {
      // A trade after a market's stated end shows that the market ended later, and price points may follow it too.
      if (page.walked !== undefined) instrument = withTradeAt(instrument, page.walked.newest);
      yield { ...page, cursor: toJson(page.cursor === null ? { prices: null } : { trades: page.cursor }) };
    }
  }
  if (request.tradesOnly === true) return;
  const resume = cursor !== undefined && cursor !== null && 'prices' in cursor ? (cursor.prices ?? undefined) : undefined;
  let before = work.requests;
  for await (const page of venue.points?.(context, { ...request, instrument }, resume) ?? []) {
    yield { ...page, cursor: toJson({ prices: page.cursor }), requests: work.requests - before };
    before = work.requests;
  }
  if (venue.book === undefined || !wantsBook(instrument, asOf)) return;
  before = work.requests;
  const book = await bookOf(() => venue.book?.(context, instrument), asOf);
  const kind = venue.points === undefined ? 'trade' : 'price';
  const requests = work.requests - before;
  yield { kind, rows: [], order: 'oldest-first', cursor: toJson({ prices: { below: 0 } }), coverage: [], requests, book };
}

const toJson = (cursor: Cursor): Json => cursor as unknown as Json;

/** Reads an order book; null where the market has none, or none any more. Other errors are thrown. */
export async function bookOf(read: () => Promise<BookLevels> | undefined, asOf: number): Promise<Instrument['book']> {
  try {
    const levels = await read();
    return levels === undefined ? null : bestOf(levels, asOf);
  } catch (error) {
    if (isRefusal(error)) return null;
    throw error;
  }
}
