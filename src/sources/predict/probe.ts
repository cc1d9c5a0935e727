import { isObject, listInAnswer, objectAt } from '../catalogue/schema-drift.ts';
import { noteChange } from '../http/request-tally.ts';
import type { Http, QueryPairs } from '../http/venue-client.ts';
import { bookIn, type Prober, type ReadAnswer, rowsIn } from '../probe/prober.ts';
import { readCategory, readMarket } from './discover.ts';
import { instrumentOf } from './instrument.ts';
import { readBook, readMatchPage, VENUE } from './matches.ts';

/** Number of rows per request: enough to detect a field that every row lacks. */
const ROWS_PER_REQUEST = 20;

const LISTING = { route: '/v1/categories', expects: '`data`: up/down categories, newest first, with slug and markets; `cursor`' };
const CATEGORY = { route: '/v1/categories/{slug}', expects: '`data`: slug, start, end, markets' };
const MARKET = { route: '/v1/markets/{id}', expects: '`data`: id, two outcomes with onChainId, status, fee' };
const MATCHES = { route: '/v1/orders/matches', expects: '`data`: settlement, time, price and amount times 10^18, taker; `cursor`' };
const BOOK = { route: '/v1/markets/{id}/orderbook', expects: '`data`: bids and asks of the first outcome' };
const SEARCH = { route: '/v1/search', expects: '`data`: categories and markets' };

/** Requests each route that the adapter uses once; the market is one of the newest open category. */
export async function probePredict(api: Http, prober: Prober): Promise<void> {
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
