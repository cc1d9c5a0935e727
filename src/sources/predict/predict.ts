import { perMinute } from '../../budget/rate-limits.ts';
import { readName } from '../catalogue/scalars.ts';
import { isObject, listInAnswer, objectAt } from '../catalogue/schema-drift.ts';
import { noteChange } from '../http/request-tally.ts';
import type { Http, QueryPairs } from '../http/venue-client.ts';
import { bookIn, type Prober, type ReadAnswer, rowsIn } from '../probe/prober.ts';
import type { SearchHit } from '../source.ts';
import { defineVenue } from '../venue.ts';
import { discoverPredict, type PredictSelector, predictSelector, readCategory, readMarket } from './discover.ts';
import { instrumentOf } from './instrument.ts';
import { predictMarketSchema } from './market-schema.ts';
import { marketIdOf, matches, readBook, readMatch, readMatchPage, VENUE } from './matches.ts';

const LIMIT = 25;
const WHERE = '/v1/search';

/** Finds categories that match the words, and matching markets outside of these, with their twins at Polymarket. */
async function searchPredict(api: Http, text: string): Promise<readonly SearchHit[]> {
  const query = [
    ['query', text],
    ['limit', LIMIT],
    ['includeResolved', true],
  ] as const;
  const json = await api.get(WHERE, query, 'search');
  const at = { venue: VENUE, where: WHERE };
  const data = objectAt(objectAt(json, at).data, at);
  const categories = data.categories === undefined ? [] : listInAnswer(data, 'categories', at);
  const markets = data.markets === undefined ? [] : listInAnswer(data, 'markets', at);
  const hits = categories.flatMap((category) => categoryHit(category) ?? []);
  const shown = new Set(hits.flatMap(({ instruments }) => instruments));
  return [
    ...hits,
    ...markets.flatMap((market) => marketHit(market) ?? []).filter(({ instruments }) => !instruments.every((id) => shown.has(id))),
  ];
}

/** The instrument of a search result; undefined for an unreadable one, which is left out. Search results are not stored. */
function instrumentFrom(item: unknown) {
  const market = predictMarketSchema.safeParse(item);
  const reading = market.success ? instrumentOf(market.data) : undefined;
  return reading !== undefined && 'instrument' in reading ? reading.instrument : undefined;
}

function categoryHit(category: unknown): SearchHit | undefined {
  const slug = isObject(category) ? readName(category.slug) : null;
  if (!isObject(category) || slug === null) return undefined;
  const instruments = Array.isArray(category.markets) ? (category.markets as unknown[]).flatMap((item) => instrumentFrom(item) ?? []) : [];
  return {
    source: VENUE,
    title: readName(category.title) ?? slug,
    selector: { categorySlug: slug },
    markets: instruments.length,
    closed: instruments.length > 0 && instruments.every(({ closed }) => closed),
    twins: instruments.flatMap(({ twins }) => twins),
    instruments: instruments.map(({ id }) => id),
  };
}

function marketHit(item: unknown): SearchHit | undefined {
  const instrument = instrumentFrom(item);
  if (instrument === undefined) return undefined;
  const marketId = Number(instrument.id.slice(`${VENUE}:`.length));
  return {
    source: VENUE,
    title: instrument.title,
    selector: Number.isSafeInteger(marketId) ? { marketId } : { categorySlug: instrument.reference },
    markets: 1,
    closed: instrument.closed,
    twins: instrument.twins,
    instruments: [instrument.id],
  };
}

/** Number of rows per request: enough to detect a field that every row lacks. */
const ROWS_PER_REQUEST = 20;

const LISTING = { route: '/v1/categories', expects: '`data`: up/down categories, newest first, with slug and markets; `cursor`' };
const CATEGORY = { route: '/v1/categories/{slug}', expects: '`data`: slug, start, end, markets' };
const MARKET = { route: '/v1/markets/{id}', expects: '`data`: id, two outcomes with onChainId, status, fee' };
const MATCHES = { route: '/v1/orders/matches', expects: '`data`: settlement, time, price and amount times 10^18, taker; `cursor`' };
const BOOK = { route: '/v1/markets/{id}/orderbook', expects: '`data`: bids and asks of the first outcome' };
const SEARCH = { route: '/v1/search', expects: '`data`: categories and markets' };

/** Requests each route that the adapter uses once; the market is one of the newest open category. */
async function probePredict(api: Http, prober: Prober): Promise<void> {
  const listed = await prober.read(LISTING, async () => {
    const query: QueryPairs = [
      ['marketVariant', 'CRYPTO_UP_DOWN'],
      ['sort', 'PUBLISHED_AT_DESC'],
      ['first', ROWS_PER_REQUEST],
    ];
    const json = await api.get(LISTING.route, query);
    const list = listInAnswer(json, 'data', { venue: VENUE, where: LISTING.route });
    if (isObject(json) && !('cursor' in json) && list.length >= ROWS_PER_REQUEST)
      noteChange(VENUE, LISTING.route, 'lacks the field "cursor" in all of its rows');
    const problems = list.flatMap((category) => readCategory(category, 'probe', 'series').problems);
    return { came: `${list.length} categories`, problems, value: list.filter(isObject) };
  });
  const category = listed?.findLast(({ markets, status }) => status !== 'RESOLVED' && idOf(markets) !== undefined);
  const slug = typeof category?.slug === 'string' ? category.slug : undefined;
  const id = idOf(category?.markets);
  const noMarket = 'the listing named no open market';

  await prober.readIf(slug, CATEGORY, 'the listing named no open category', async (name) => {
    const data = dataOf(await api.get(`/v1/categories/${encodeURIComponent(name)}`), CATEGORY.route);
    const { instruments, problems } = readCategory(data, 'probe', 'series');
    return { came: `${instruments.length} markets`, problems, value: undefined };
  });
  const market = await prober.readIf(id, MARKET, noMarket, async () => {
    const reading = instrumentOf(readMarket(dataOf(await api.get(`/v1/markets/${id}`), MARKET.route), MARKET.route));
    if ('leftOut' in reading) return { came: reading.leftOut, value: undefined };
    return { came: '1 market', value: reading.instrument };
  });
  await prober.readIf(market, MATCHES, id === undefined ? noMarket : 'the market could not be read', async (instrument) => {
    const query: QueryPairs = [
      ['marketId', id ?? ''],
      ['first', ROWS_PER_REQUEST],
    ];
    return rowsIn(readMatchPage(await api.get(MATCHES.route, query, 'trading'), instrument).rows, 'match');
  });
  await prober.readIf(id, BOOK, noMarket, async () => bookIn(readBook(await api.get(`/v1/markets/${id}/orderbook`, [], 'trading'))));
  await prober.read(SEARCH, async (): Promise<ReadAnswer<undefined>> => {
    const query: QueryPairs = [
      ['query', 'bitcoin'],
      ['limit', 2],
      ['includeResolved', true],
    ];
    const at = { venue: VENUE, where: SEARCH.route };
    const data = objectAt(dataOf(await api.get(SEARCH.route, query, 'search'), SEARCH.route), at);
    const hits = [...listInAnswer(data, 'categories', at), ...listInAnswer(data, 'markets', at)];
    return { came: `${hits.length} hits`, value: undefined };
  });
}

/** Returns the `data` object of an answer. */
const dataOf = (json: unknown, where: string): unknown => objectAt(json, { venue: VENUE, where }).data;

/** Id of the first market of a category. */
function idOf(markets: unknown): string | undefined {
  const first: unknown = Array.isArray(markets) ? (markets as unknown[])[0] : undefined;
  const id = isObject(first) ? first.id : undefined;
  return typeof id === 'string' || typeof id === 'number' ? String(id) : undefined;
}

/** Predict.fun: markets and categories for discovery, order matches as trades, and the order book. docs/sources.md describes the routes. */
export const predict = defineVenue({
  name: VENUE,
  title: 'Predict.fun',
  selector: predictSelector,
  forms: '{"marketId": 123}, {"categorySlug": "…"} or {"seriesSlug": "…"}',
  example: 'marketId=123',
  hosts: { api: { variable: 'PREDICT_API_URL', url: 'https://api.predict.fun', check: '/v1/markets?first=1' } },
  key: {
    header: 'x-api-key',
    variable: 'PREDICT_API_KEY',
    remedy: 'get one in its developer console',
    // The venue's test network needs no key.
    keyless: ['api-testnet.predict.fun'],
  },
  // The venue counts requests per calendar minute; counting them in any period of a minute, as here, is stricter.
  limits: { general: perMinute(250), trading: perMinute(500), search: perMinute(120) },
  discover: ({ http }, request) => discoverPredict(http.api, request),
  selectorOf: (instrument): PredictSelector => ({ marketId: Number(marketIdOf(instrument)) }),
  trades: ({ http }, instrument) => matches(http.api, instrument),
  readTrade: readMatch,
  book: async ({ http }, instrument) => readBook(await http.api.get(`/v1/markets/${marketIdOf(instrument)}/orderbook`, [], 'trading')),
  search: ({ http }, { text }) => searchPredict(http.api, text),
  probe: ({ http }, prober) => probePredict(http.api, prober),
});
