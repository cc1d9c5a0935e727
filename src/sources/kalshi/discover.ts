import { z } from 'zod';
import { Listing, together } from '../catalogue/found-markets.ts';
import { isFinal } from '../catalogue/market-life.ts';
import { parseIsoTime, readName } from '../catalogue/scalars.ts';
import { isObject, type JsonObject, listInAnswer, objectAt, schemaChanged } from '../catalogue/schema-drift.ts';
import { itemsOfPages, undefinedIfRefused } from '../http/listing.ts';
import type { Http, QueryPairs } from '../http/venue-client.ts';
import type { DiscoverRequest } from '../source.ts';
import type { FoundInstruments } from '../venue.ts';
import { feesOf, seriesFees } from './fees.ts';
import { type EventFacts, instrumentOf, type KalshiMarket, NO_FACTS, readMarket, VENUE } from './markets.ts';
import { cutoffOf } from './trades.ts';

/** Schema of a selector: a market, an event or a series by its ticker. */
export const kalshiSelector = z.union([
  z.strictObject({ ticker: z.string().min(1) }),
  z.strictObject({ eventTicker: z.string().min(1) }),
  z.strictObject({ seriesTicker: z.string().min(1) }),
]);
export type KalshiSelector = z.infer<typeof kalshiSelector>;

/** Finds the instruments of a symbol's Kalshi selectors: an event with one request, a series with one per 200 events. */
export async function discoverKalshi(api: Http, request: DiscoverRequest<KalshiSelector>): Promise<FoundInstruments> {
  return together(await Promise.all(request.selectors.map((selector) => find(api, request, selector))));
}

/** A market as the venue lists it, with its event where that is listed too. */
interface Listed {
  readonly item: unknown;
  readonly where: string;
  readonly event?: JsonObject;
}

/** Reads the markets of a selector. @throws PredictLabError SourceSchemaChanged when no market can be read */
async function find(api: Http, request: DiscoverRequest<KalshiSelector>, selector: KalshiSelector): Promise<FoundInstruments> {
  const final = new Map(request.known.filter(isFinal).map((each) => [each.reference, each]));
  const settled = 'ticker' in selector ? final.get(selector.ticker) : undefined;
  if (settled !== undefined) return { instruments: [settled], problems: [] };
  const listing = new Listing(request.symbol);
  const events = new Map<string, Promise<EventFacts>>();
  for await (const { item, where, event } of listedBy(api, request, selector))
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

/** Whether a selector names a market: a host that ignores a filter lists markets of others. */
function isNamedBy(selector: KalshiSelector, { ticker, event_ticker: of }: KalshiMarket, event: JsonObject | undefined): boolean {
  if ('ticker' in selector) return isSame(ticker, selector.ticker);
  if ('eventTicker' in selector) return isSame(of, selector.eventTicker);
  const series = readName(event?.series_ticker) ?? of.split('-')[0];
  return isSame(series, selector.seriesTicker) && (event === undefined || event.event_ticker === of);
}

/** Lists the markets of a selector. Those that settled before the cutoff are only in the historical routes. */
async function* listedBy(
  api: Http,
  { window: { from } }: DiscoverRequest<KalshiSelector>,
  selector: KalshiSelector,
): AsyncGenerator<Listed> {
  if ('ticker' in selector) {
    const path = encodeURIComponent(selector.ticker);
    const json =
      (await undefinedIfRefused(api.get(`/markets/${path}`))) ?? (await undefinedIfRefused(api.get(`/historical/markets/${path}`)));
    const where = '/markets/{ticker}';
    if (json !== undefined) yield { item: objectAt(json, { venue: VENUE, where }).market, where };
    return;
  }
  let hasMarkets = false;
  const listed = 'seriesTicker' in selector ? eventsOf(api, selector.seriesTicker, from) : [await readEvent(api, selector.eventTicker)];
  for await (const event of listed) {
    if (event === undefined) return;
    const where = '/events';
    const markets = event.markets === undefined || event.markets === null ? [] : listInAnswer(event, 'markets', { venue: VENUE, where });
    hasMarkets ||= markets.length > 0;
    for (const item of markets) yield { item, where, event };
  }
  if (hasMarkets && from >= (await cutoffOf(api)).markets) return;
  const filter =
    'seriesTicker' in selector ? (['series_ticker', selector.seriesTicker] as const) : (['event_ticker', selector.eventTicker] as const);
  const where = '/historical/markets';
  for await (const item of itemsOfPages(api, { venue: VENUE, where }, 'markets', [filter, ['limit', 1000]]))
    if (!isObject(item) || (parseIsoTime(readName(item.close_time) ?? '') ?? Infinity) >= from) yield { item, where };
}

async function* eventsOf(api: Http, series: string, from: number): AsyncGenerator<JsonObject> {
  const query: QueryPairs = [
    ['series_ticker', series],
    ['with_nested_markets', true],
    ['min_close_ts', Math.floor(from / 1000)],
    ['limit', 200],
  ];
  const at = { venue: VENUE, where: '/events' };
  for await (const event of itemsOfPages(api, at, 'events', query)) yield objectAt(event, at);
}

/** Reads an event with its markets; undefined when there is none. @throws PredictLabError SourceSchemaChanged for another event */
async function readEvent(api: Http, ticker: string): Promise<JsonObject | undefined> {
  const at = { venue: VENUE, where: '/events/{ticker}' };
  const json = await undefinedIfRefused(api.get(`/events/${encodeURIComponent(ticker)}`, [['with_nested_markets', true]]));
  if (json === undefined) return undefined;
  const event = objectAt(objectAt(json, at).event, at);
  if (isSame(readName(event.event_ticker) ?? '', ticker)) return event;
  throw schemaChanged({ ...at, path: 'event.event_ticker', expected: ticker, got: event.event_ticker, sample: event });
}

/** The facts of an event; it is read where no listing has it. */
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
