import { z } from 'zod';
import { DAY_MS } from '../../contracts/words.ts';
import { Listing, together } from '../catalogue/found-markets.ts';
import { isFinal } from '../catalogue/market-life.ts';
import { parseIsoTime, readName } from '../catalogue/scalars.ts';
import { isObject, type JsonObject, listInAnswer, objectAt, schemaChanged } from '../catalogue/schema-drift.ts';
import { chosenBy, oneOf, ruleFields, withCategory } from '../catalogue/universe-rule.ts';
import { itemsByName, pagesOf, undefinedIfRefused } from '../http/listing.ts';
import type { Http, QueryPairs } from '../http/venue-client.ts';
import type { DiscoverRequest } from '../source.ts';
import type { FoundInstruments, VenueUniverse } from '../venue.ts';
import { feesOf, seriesCategories, seriesFees } from './fees.ts';
import { type EventFacts, instrumentOf, type KalshiMarket, NO_FACTS, readMarket, VENUE } from './markets.ts';
import { cutoffOf } from './trades.ts';

/** Schema of a selector: a market, an event or a series by its ticker. */
export const kalshiSelector = z.union([
  z.strictObject({ ticker: z.string().min(1) }),
  z.strictObject({ eventTicker: z.string().min(1) }),
  z.strictObject({ seriesTicker: z.string().min(1) }),
]);
export type KalshiSelector = z.infer<typeof kalshiSelector>;
const kalshiRule = z.strictObject({ ...ruleFields, categories: oneOf('categories') });

/** Maximum number of events per page. */
const EVENTS = 200;
const NESTED: QueryPairs = Object.entries({ with_nested_markets: true, limit: EVENTS });
/** Time for which the listing of a universe still has closed markets, so that their ends and results need no other request. */
const ENDED_MS = 2 * DAY_MS;

/** Finds the instruments of a symbol's Kalshi selectors: an event with one request, a series with one per 200 events. */
export async function discoverKalshi(api: Http, request: Request): Promise<FoundInstruments> {
  const listed = await listedByTickers(api, request);
  return together(await Promise.all(request.selectors.map((selector) => find(api, request, selector, listed))));
}

/** Lists the markets of universes: all events with a market that is open or was closed lately (at any time for `active: false`). */
export const kalshiUniverse: VenueUniverse<z.infer<typeof kalshiRule>, 'api'> = {
  rule: kalshiRule,
  forms: '{"active": true, "minVolume": 10000, "categories": ["Politics"]}, each field optional',
  async *list({ http: { api } }, { categories, ...fields }, known) {
    const bySeries = await seriesCategories(api);
    const since = fields.active === false ? 0 : api.clock - ENDED_MS;
    for await (const events of eventsOf(api, [['min_close_ts', Math.floor(since / 1000)]])) {
      const listing = new Listing(VENUE);
      const chosen = new Set<string>();
      const categoryOf = new Map<string, string | undefined>();
      for (const event of events) {
        const has = bySeries.get(readName(event.series_ticker) ?? '') ?? [];
        if (categories === undefined || categories.some((each) => has.includes(each))) chosen.add(`${VENUE}:${String(event.event_ticker)}`);
        categoryOf.set(`${VENUE}:${String(event.event_ticker)}`, readName(has[0]) ?? undefined);
        const facts = await factsOf(api, '', event);
        for (const item of marketsOf(event)) await listing.add(async () => instrumentOf(readMarket(item, '/events'), facts, api.clock));
      }
      const page = chosenBy(fields, listing.page(), known, ({ event = '' }) => chosen.has(event));
      yield { ...page, instruments: page.instruments.map((each) => withCategory(each, categoryOf.get(each.event ?? ''))) };
    }
  },
};

/** A market as the venue lists it, with its event where the venue lists that too. */
interface Listed {
  readonly item: unknown;
  readonly where: string;
  readonly event?: JsonObject | undefined;
}

type Request = DiscoverRequest<KalshiSelector>;
/** The markets that a request names by ticker and that were read together, by ticker. */
type Together = ReadonlyMap<string, Listed>;

/** Reads the markets of a selector. @throws PredictLabError SourceSchemaChanged when no market can be read */
async function find(api: Http, request: Request, selector: KalshiSelector, together: Together): Promise<FoundInstruments> {
  const final = new Map(request.known.filter(isFinal).map((each) => [each.reference, each]));
  const settled = 'ticker' in selector ? final.get(selector.ticker) : undefined;
  if (settled !== undefined) return { instruments: [settled], problems: [] };
  const listing = new Listing(request.symbol);
  const events = new Map<string, Promise<EventFacts>>();
  for await (const { item, where, event } of listedBy(api, request, selector, together))
    await listing.add(async () => {
      const market = readMarket(item, where);
      const { ticker, event_ticker: of } = market;
      if (!isNamedBy(selector, market, event)) return { foreign: ticker };
      const stored = event === undefined ? final.get(ticker) : undefined;
      const facts = events.get(of) ?? factsOf(api, of, event);
      events.set(of, facts);
      return stored ?? instrumentOf(market, await facts, api.clock);
    });
  return listing.found(VENUE, JSON.stringify(selector), 'check the ticker, which ends a web address, and the window');
}

const isSame = (a: string, b: string): boolean => a.toUpperCase() === b.toUpperCase();

/** Whether a market is one that the selector means; a host that ignores the request's filter lists others too. */
function isNamedBy(selector: KalshiSelector, { ticker, event_ticker: of }: KalshiMarket, event: JsonObject | undefined): boolean {
  if ('ticker' in selector) return isSame(ticker, selector.ticker);
  if ('eventTicker' in selector) return isSame(of, selector.eventTicker);
  const series = readName(event?.series_ticker) ?? of.split('-')[0];
  return isSame(series, selector.seriesTicker) && (event === undefined || event.event_ticker === of);
}

/** Lists the markets of a selector. Markets that settled before the cutoff are only on the historical routes. */
async function* listedBy(api: Http, { window: { from } }: Request, selector: KalshiSelector, together: Together): AsyncGenerator<Listed> {
  if ('ticker' in selector) {
    const found = together.get(selector.ticker);
    if (found !== undefined) return yield found;
    const path = encodeURIComponent(selector.ticker);
    const json =
      (await undefinedIfRefused(api.get(`/markets/${path}`))) ?? (await undefinedIfRefused(api.get(`/historical/markets/${path}`)));
    const where = '/markets/{ticker}';
    if (json !== undefined) yield { item: objectAt(json, { venue: VENUE, where }).market, where };
    return;
  }
  let hasMarkets = false;
  const filter =
    'seriesTicker' in selector ? (['series_ticker', selector.seriesTicker] as const) : (['event_ticker', selector.eventTicker] as const);
  const closing = [filter, ['min_close_ts', Math.floor(from / 1000)]] as const;
  for await (const events of 'seriesTicker' in selector ? eventsOf(api, closing) : [[await readEvent(api, selector.eventTicker)]])
    for (const event of events) {
      if (event === undefined) return;
      const markets = marketsOf(event);
      hasMarkets ||= markets.length > 0;
      for (const item of markets) yield { item, where: '/events', event };
    }
  if (hasMarkets && from >= (await cutoffOf(api)).markets) return;
  const where = '/historical/markets';
  for await (const items of pagesOf(api, { venue: VENUE, where }, 'markets', [filter, ['limit', 1000]]))
    for (const item of items)
      if (!isObject(item) || (parseIsoTime(readName(item.close_time) ?? '') ?? Infinity) >= from) yield { item, where };
}

/** Reads markets that selectors name, with their events, by two requests per 100. Those that a host leaves out are read alone later. */
async function listedByTickers(api: Http, { selectors, known }: Request): Promise<Together> {
  const final = new Set(known.filter(isFinal).map(({ reference }) => reference));
  const tickers = selectors.flatMap((each) => ('ticker' in each && !final.has(each.ticker) ? [each.ticker] : []));
  if (tickers.length < 2) return new Map();
  const named = (list: string, names: readonly string[]) =>
    itemsByName(api, `/${list}`, list, { names, parameter: 'tickers', most: 100, query: NESTED });
  const markets = await named('markets', tickers);
  const events = new Map<unknown, JsonObject>();
  for (const event of await named('events', [...new Set(markets.map((item) => String(item.event_ticker)))]))
    events.set(event.event_ticker, event);
  const found = markets.map((item) => [String(item.ticker), { item, where: '/markets', event: events.get(item.event_ticker) }] as const);
  return new Map(found.filter(([, { event }]) => event !== undefined));
}

/** The pages of the events that match a filter, with their markets. */
async function* eventsOf(api: Http, filter: QueryPairs): AsyncGenerator<readonly JsonObject[]> {
  const at = { venue: VENUE, where: '/events' };
  for await (const page of pagesOf(api, at, 'events', [...filter, ...NESTED])) yield page.map((event) => objectAt(event, at));
}

const marketsOf = (event: JsonObject): readonly unknown[] =>
  event.markets === undefined || event.markets === null ? [] : listInAnswer(event, 'markets', { venue: VENUE, where: '/events' });

/** Reads an event with its markets; undefined when there is none. @throws PredictLabError SourceSchemaChanged when another event comes */
async function readEvent(api: Http, ticker: string): Promise<JsonObject | undefined> {
  const at = { venue: VENUE, where: '/events/{ticker}' };
  const json = await undefinedIfRefused(api.get(`/events/${encodeURIComponent(ticker)}`, [['with_nested_markets', true]]));
  if (json === undefined) return undefined;
  const event = objectAt(objectAt(json, at).event, at);
  if (isSame(readName(event.event_ticker) ?? '', ticker)) return event;
  throw schemaChanged({ ...at, path: 'event.event_ticker', expected: ticker, got: event.event_ticker, sample: event });
}

/** The facts of an event; they are requested only if no listing contained them. */
async function factsOf(api: Http, ticker: string, listed?: JsonObject): Promise<EventFacts> {
  const event = listed ?? (await readEvent(api, ticker));
  if (event === undefined) return NO_FACTS;
  const markets = Array.isArray(event.markets) ? event.markets.length : null;
  const own = feesOf(event.fee_type_override, event.fee_multiplier_override);
  return {
    title: readName(event.title),
    exclusive: event.mutually_exclusive === true && markets !== null && markets > 1 ? markets : null,
    ...(own === null ? await seriesFees(api, readName(event.series_ticker)) : { fees: own, earlier: [] }),
  };
}
