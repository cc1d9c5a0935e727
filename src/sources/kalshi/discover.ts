import { z } from 'zod';
import type { FeeSchedule, Instrument } from '../../contracts/market-data.ts';
import { DAY_MS } from '../../contracts/words.ts';
import { isFinal } from '../catalogue/market-life.ts';
import { readName, readNumber } from '../catalogue/scalars.ts';
import { isObject, type JsonObject, listInAnswer, objectAt } from '../catalogue/schema-drift.ts';
import { noteWord } from '../http/venue-changes.ts';
import type { Http, QueryPairs } from '../http/venue-client.ts';
import { VenueError } from '../http/venue-error.ts';
import type { DiscoverRequest } from '../source.ts';
import type { FoundInstruments } from '../venue.ts';
import { type EventFacts, instrumentOf, readMarket, VENUE } from './markets.ts';
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

async function find(
  api: Http,
  { symbol, known, window }: DiscoverRequest<KalshiSelector>,
  selector: KalshiSelector,
): Promise<FoundInstruments> {
  const missing = (hint: string): FoundInstruments => ({
    instruments: [],
    problems: [`${symbol}: kalshi has no market for ${JSON.stringify(selector)}; ${hint}`],
  });
  if ('seriesTicker' in selector) {
    const instruments = await marketsOfSeries(api, selector.seriesTicker, window.from);
    return instruments.length > 0 ? { instruments, problems: [] } : missing('check the ticker of the series and the window');
  }
  if ('eventTicker' in selector) {
    const instruments = await marketsOfEvent(api, selector.eventTicker);
    return instruments === undefined ? missing("an event's ticker is the last part of its web address") : { instruments, problems: [] };
  }
  const settled = known.find((each) => each.id === `${VENUE}:${selector.ticker}` && isFinal(each));
  if (settled !== undefined) return { instruments: [settled], problems: [] };
  const path = encodeURIComponent(selector.ticker);
  const json = (await getOrMissing(api, `/markets/${path}`)) ?? (await getOrMissing(api, `/historical/markets/${path}`));
  if (json === undefined) return missing('a market has the ticker of its event and its own part');
  const item = objectAt(json, { venue: VENUE, where: '/markets/{ticker}' }).market;
  const market = readMarket(item, '/markets/{ticker}');
  return { instruments: [instrumentOf(market, await eventFacts(api, market.event_ticker), api.clock)], problems: [] };
}

async function getOrMissing(api: Http, path: string, query: QueryPairs = []): Promise<unknown> {
  try {
    return await api.get(path, query);
  } catch (error) {
    if (error instanceof VenueError && error.type === 'BadInput') return undefined;
    throw error;
  }
}

/** Reads an event with its markets; undefined when there is none. */
async function readEvent(api: Http, ticker: string): Promise<JsonObject | undefined> {
  const at = { venue: VENUE, where: '/events/{ticker}' };
  const json = await getOrMissing(api, `/events/${encodeURIComponent(ticker)}`, [['with_nested_markets', true]]);
  return json === undefined ? undefined : objectAt(objectAt(json, at).event, at);
}

async function marketsOfEvent(api: Http, ticker: string): Promise<Instrument[] | undefined> {
  const event = await readEvent(api, ticker);
  return event === undefined ? undefined : await instrumentsOf(api, event);
}

/** The instruments of an event that lists its markets. Markets that settled before the cutoff are listed by the historical route. */
async function instrumentsOf(api: Http, event: JsonObject): Promise<Instrument[]> {
  const facts = await factsOf(api, event);
  let markets = Array.isArray(event.markets) ? (event.markets as unknown[]) : [];
  if (markets.length === 0) {
    const json = await getOrMissing(api, '/historical/markets', [['event_ticker', facts.ticker]]);
    markets = isObject(json) && Array.isArray(json.markets) ? (json.markets as unknown[]) : [];
  }
  return markets.map((item) => instrumentOf(readMarket(item, '/events'), facts, api.clock));
}

/** Largest page of events. */
const PAGE = 200;

/** The instruments of a series' events that close after a time. */
async function marketsOfSeries(api: Http, series: string, from: number): Promise<Instrument[]> {
  const at = { venue: VENUE, where: '/events' };
  const query: QueryPairs = [
    ['series_ticker', series],
    ['with_nested_markets', true],
    ['min_close_ts', Math.floor(from / 1000)],
    ['limit', PAGE],
  ];
  const instruments: Instrument[] = [];
  const seen = new Set<string>();
  for (let cursor: string | null = null; ; ) {
    const json = await api.get('/events', cursor === null ? query : [...query, ['cursor', cursor]]);
    for (const event of listInAnswer(json, 'events', at)) instruments.push(...(await instrumentsOf(api, objectAt(event, at))));
    cursor = readName(objectAt(json, at).cursor);
    if (cursor === null || seen.has(cursor)) break;
    seen.add(cursor);
  }
  if (from >= (await cutoffOf(api)).markets) return instruments;
  const json = await api.get('/historical/markets', [['series_ticker', series]]);
  const there = new Set(instruments.map(({ reference }) => reference));
  for (const item of listInAnswer(json, 'markets', { venue: VENUE, where: '/historical/markets' })) {
    const market = readMarket(item, '/historical/markets');
    if (!there.has(market.ticker) && (market.close_time ?? 0) >= from)
      instruments.push(instrumentOf(market, await eventFacts(api, market.event_ticker), api.clock));
  }
  return instruments;
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
  if (word?.startsWith('quadratic') !== true) return null;
  return { model: 'polymarket', rate: RATE * (readNumber(multiplier).value ?? 1), exponent: 1, roundUpTo: 0.01 };
}
