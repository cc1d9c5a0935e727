import { z } from 'zod';
import { PredictLabError } from '../../contracts/errors.ts';
import type { FeeSchedule, Instrument } from '../../contracts/market-data.ts';
import { DAY_MS } from '../../contracts/words.ts';
import { isFinal } from '../catalogue/market-life.ts';
import { parseIsoTime, readName, readNumber } from '../catalogue/scalars.ts';
import { isObject, type JsonObject, listInAnswer, objectAt, schemaChanged } from '../catalogue/schema-drift.ts';
import { noteWord } from '../http/venue-changes.ts';
import type { Http, QueryPairs } from '../http/venue-client.ts';
import { VenueError } from '../http/venue-error.ts';
import type { DiscoverRequest } from '../source.ts';
import type { FoundInstruments } from '../venue.ts';
import { type EventFacts, instrumentOf, type KalshiMarket, readMarket, VENUE } from './markets.ts';
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
  const findings = await Promise.all(request.selectors.map((selector) => find(api, request, selector)));
  return { instruments: findings.flatMap(({ instruments }) => instruments), problems: findings.flatMap(({ problems }) => problems) };
}

/** A market as the venue lists it, with its event where that is listed too. */
interface Listed {
  readonly item: unknown;
  readonly where: string;
  readonly event?: JsonObject;
}

/**
 * Reads the markets of a selector, each once. One that cannot be read, or that the selector does not name, is a problem of its own.
 *
 * @throws PredictLabError SourceSchemaChanged when no market can be read
 */
async function find(api: Http, request: DiscoverRequest<KalshiSelector>, selector: KalshiSelector): Promise<FoundInstruments> {
  const { symbol, known } = request;
  const wanted = JSON.stringify(selector);
  const instruments = new Map<string, Instrument>();
  const problems: string[] = [];
  const foreign: string[] = [];
  const events = new Map<string, Promise<EventFacts>>();
  let unreadable: PredictLabError | undefined;
  const final = new Map(known.filter(isFinal).map((each) => [each.reference, each]));
  const settled = 'ticker' in selector ? final.get(selector.ticker) : undefined;
  if (settled !== undefined) return { instruments: [settled], problems };
  for await (const { item, where, event } of listedBy(api, request, selector)) {
    try {
      const market = readMarket(item, where);
      const { ticker, event_ticker: of } = market;
      if (instruments.has(ticker)) continue;
      if (!isNamedBy(selector, market, event)) {
        foreign.push(ticker);
        continue;
      }
      const stored = event === undefined ? final.get(ticker) : undefined;
      const facts = events.get(of) ?? (event === undefined ? eventFacts(api, of) : factsOf(api, event));
      events.set(of, facts);
      instruments.set(ticker, stored ?? instrumentOf(market, await facts, api.clock));
    } catch (error) {
      if (!(error instanceof PredictLabError) || error.type !== 'SourceSchemaChanged') throw error;
      unreadable ??= error;
      problems.push(`${symbol}: ${error.message}`);
    }
  }
  if (instruments.size === 0 && unreadable !== undefined) throw unreadable;
  if (foreign.length > 0) problems.push(`${symbol}: kalshi lists ${foreign.length} other markets, such as ${foreign[0]}, for ${wanted}`);
  if (instruments.size === 0 && problems.length === 0)
    problems.push(`${symbol}: kalshi has no market for ${wanted}; check the ticker, which ends a web address, and the window`);
  return { instruments: [...instruments.values()], problems };
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
    const json = (await getOrMissing(api, `/markets/${path}`)) ?? (await getOrMissing(api, `/historical/markets/${path}`));
    const where = '/markets/{ticker}';
    if (json !== undefined) yield { item: objectAt(json, { venue: VENUE, where }).market, where };
    return;
  }
  let events = 0;
  let hasMarkets = false;
  const listed = 'seriesTicker' in selector ? eventsOf(api, selector.seriesTicker, from) : eventAlone(api, selector.eventTicker);
  for await (const event of listed) {
    const where = '/events';
    const markets = event.markets === undefined || event.markets === null ? [] : listInAnswer(event, 'markets', { venue: VENUE, where });
    events++;
    hasMarkets ||= markets.length > 0;
    for (const item of markets) yield { item, where, event };
  }
  if ('eventTicker' in selector && events === 0) return;
  if (hasMarkets && from >= (await cutoffOf(api)).markets) return;
  const filter =
    'seriesTicker' in selector ? (['series_ticker', selector.seriesTicker] as const) : (['event_ticker', selector.eventTicker] as const);
  const where = '/historical/markets';
  for await (const item of pagesOf(api, where, 'markets', [filter, ['limit', 1000]]))
    if (!isObject(item) || (parseIsoTime(readName(item.close_time) ?? '') ?? Infinity) >= from) yield { item, where };
}

async function* eventsOf(api: Http, series: string, from: number): AsyncGenerator<JsonObject> {
  const query: QueryPairs = [
    ['series_ticker', series],
    ['with_nested_markets', true],
    ['min_close_ts', Math.floor(from / 1000)],
    ['limit', 200],
  ];
  for await (const event of pagesOf(api, '/events', 'events', query)) yield objectAt(event, { venue: VENUE, where: '/events' });
}

async function* eventAlone(api: Http, ticker: string): AsyncGenerator<JsonObject> {
  const event = await readEvent(api, ticker);
  if (event !== undefined) yield event;
}

/** Largest number of pages of a listing, which is more than any series has. */
const MAX_PAGES = 500;

/** The items of a paged listing. @throws PredictLabError SourceSchemaChanged where its pages do not come to an end */
async function* pagesOf(api: Http, where: string, list: string, query: QueryPairs): AsyncGenerator {
  const at = { venue: VENUE, where };
  const seen = new Set<string>();
  for (let cursor: string | null = null; ; ) {
    const json = objectAt(await api.get(where, cursor === null ? query : [...query, ['cursor', cursor]]), at);
    yield* listInAnswer(json, list, at);
    cursor = readName(json.cursor);
    if (cursor === null) return;
    if (seen.has(cursor) || seen.size >= MAX_PAGES)
      throw schemaChanged({ ...at, path: 'cursor', expected: 'pages that come to an end', got: cursor, sample: cursor });
    seen.add(cursor);
  }
}

async function getOrMissing(api: Http, path: string, query: QueryPairs = []): Promise<unknown> {
  try {
    return await api.get(path, query);
  } catch (error) {
    if (error instanceof VenueError && error.type === 'BadInput') return undefined;
    throw error;
  }
}

/** Reads an event with its markets; undefined when there is none. @throws PredictLabError SourceSchemaChanged for another event */
async function readEvent(api: Http, ticker: string): Promise<JsonObject | undefined> {
  const at = { venue: VENUE, where: '/events/{ticker}' };
  const json = await getOrMissing(api, `/events/${encodeURIComponent(ticker)}`, [['with_nested_markets', true]]);
  if (json === undefined) return undefined;
  const event = objectAt(objectAt(json, at).event, at);
  if (isSame(readName(event.event_ticker) ?? '', ticker)) return event;
  throw schemaChanged({ ...at, path: 'event.event_ticker', expected: ticker, got: event.event_ticker, sample: event });
}

async function eventFacts(api: Http, ticker: string): Promise<EventFacts> {
  const event = await readEvent(api, ticker);
  return event === undefined ? { ticker, title: null, exclusive: null, fees: null } : await factsOf(api, event);
}

async function factsOf(api: Http, event: JsonObject): Promise<EventFacts> {
  const ticker = readName(event.event_ticker) ?? '';
  const markets = Array.isArray(event.markets) ? event.markets.length : null;
  const own = feesOf(event.fee_type_override, event.fee_multiplier_override);
  return {
    ticker,
    title: readName(event.title),
    exclusive: event.mutually_exclusive === true && markets !== null && markets > 1 ? markets : null,
    fees: own ?? (await seriesFees(api, readName(event.series_ticker))),
  };
}

/** Time for which the fees of a series are remembered; the venue announces changes days ahead. */
const FEES_MS = DAY_MS / 4;

/** The fees of a series; null where it is not known. */
async function seriesFees(api: Http, series: string | null): Promise<FeeSchedule | null> {
  if (series === null) return null;
  const known = api.memory.get(`fees ${series}`) as { at: number; fees: FeeSchedule | null } | undefined;
  if (known !== undefined && Math.abs(api.clock - known.at) < FEES_MS) return known.fees;
  const json = await getOrMissing(api, `/series/${encodeURIComponent(series)}`);
  const facts = isObject(json) && isObject(json.series) ? json.series : {};
  const fees = feesOf(facts.fee_type, facts.fee_multiplier);
  api.memory.set(`fees ${series}`, { at: api.clock, fees });
  return fees;
}

/** Taker's fee per contract: 0.07·p·(1 − p), times the multiplier, rounded up to the cent per order. */
const RATE = 0.07;
const FEE_TYPES = new Set(['QUADRATIC', 'QUADRATIC_WITH_MAKER_FEES', 'QUADRATIC_WITH_COMBO_MAKER_FEES', 'FLAT']);

function feesOf(type: unknown, multiplier: unknown): FeeSchedule | null {
  const word = readName(type);
  noteWord(VENUE, 'series', 'fee_type', word, FEE_TYPES);
  const times = multiplier === undefined || multiplier === null ? 1 : readNumber(multiplier).value;
  if (word?.startsWith('quadratic') !== true || times === null || times < 0) return null;
  return { model: 'polymarket', rate: RATE * times, exponent: 1, roundUpTo: 0.01 };
}
