import { isObject, listInAnswer, objectAt } from '../catalogue/schema-drift.ts';
import { noteChange } from '../http/request-tally.ts';
import type { ProbedRoute } from '../probe/judge-answer.ts';
import { createProber, type ReadAnswer, rowsIn } from '../probe/prober.ts';
import { type PredictApi, VENUE } from './api.ts';
import { readBook } from './book.ts';
import { readCategory, readMarket } from './discover.ts';
import { instrumentOf } from './instrument.ts';
import { readMatchPage } from './matches.ts';

/** Number of rows per request, which is enough to detect fields that all rows lack. */
const FEW = 20;

const LISTING = { route: '/v1/categories', expects: '`data`: up/down categories, newest first, with slug and markets; `cursor`' };
const CATEGORY = { route: '/v1/categories/{slug}', expects: '`data`: slug, start, end, markets' };
const MARKET = { route: '/v1/markets/{id}', expects: '`data`: id, two outcomes with onChainId, status, fee' };
const MATCHES = { route: '/v1/orders/matches', expects: '`data`: settlement, time, price and amount times 10^18, taker; `cursor`' };
const BOOK = { route: '/v1/markets/{id}/orderbook', expects: '`data`: bids and asks of the first outcome' };
const SEARCH = { route: '/v1/search', expects: '`data`: categories and markets' };

/** Requests each route that the adapter reads once, for a market of the newest category that is open. */
export async function probePredict(api: PredictApi, signal: AbortSignal): Promise<readonly ProbedRoute[]> {
  const prober = createProber(VENUE, signal);
  const get = async (
    path: string,
    family: 'predict/general' | 'predict/trading' | 'predict/search',
    query: readonly (readonly [string, string | number | boolean])[] = [],
  ) => (await api.get({ path, query, family, precedence: 'live', signal })).json;

  const listed = await prober.read(LISTING, async () => {
    const json = await get(LISTING.route, 'predict/general', [
      ['marketVariant', 'CRYPTO_UP_DOWN'],
      ['sort', 'PUBLISHED_AT_DESC'],
      ['first', FEW],
    ]);
    const list = listInAnswer(json, 'data', { venue: VENUE, where: LISTING.route });
    if (isObject(json) && !('cursor' in json) && list.length >= FEW)
      noteChange(VENUE, LISTING.route, 'lacks the field "cursor" in all of its rows');
    const problems = list.flatMap((category) => readCategory(category, 'probe', 'series').problems);
    return { came: `${list.length} categories`, problems, value: list.filter(isObject) };
  });
  const category = listed?.findLast(({ markets, status }) => status !== 'RESOLVED' && idOf(markets) !== undefined);
  const slug = typeof category?.slug === 'string' ? category.slug : undefined;
  const id = idOf(category?.markets);

  if (slug === undefined) prober.skip(CATEGORY, 'the listing named no open category');
  else
    await prober.read(CATEGORY, async () => {
      const data = dataOf(await get(`/v1/categories/${encodeURIComponent(slug)}`, 'predict/general'), CATEGORY.route);
      const { instruments, problems } = readCategory(data, 'probe', 'series');
      return { came: `${instruments.length} markets`, problems, value: undefined };
    });
  if (id === undefined) for (const route of [MARKET, MATCHES, BOOK]) prober.skip(route, 'the listing named no open market');
  else {
    const market = await prober.read(MARKET, async () => {
      const reading = instrumentOf(readMarket(dataOf(await get(`/v1/markets/${id}`, 'predict/general'), MARKET.route), MARKET.route));
      if ('leftOut' in reading) return { came: reading.leftOut, value: undefined };
      return { came: '1 market', value: reading.instrument };
    });
    if (market === undefined) prober.skip(MATCHES, 'the market could not be read');
    else
      await prober.read(MATCHES, async () => {
        const json = await get(MATCHES.route, 'predict/trading', [
          ['marketId', id],
          ['first', FEW],
        ]);
        return rowsIn(readMatchPage(json, market).rows, 'match');
      });
    await prober.read(BOOK, async () => {
      const { bid, ask } = readBook(await get(`/v1/markets/${id}/orderbook`, 'predict/trading'), 0);
      return { came: `best bid ${bid ?? 'none'}, best ask ${ask ?? 'none'}`, value: undefined };
    });
  }
  await prober.read(SEARCH, async (): Promise<ReadAnswer<undefined>> => {
    const json = await get(SEARCH.route, 'predict/search', [
      ['query', 'bitcoin'],
      ['limit', 2],
      ['includeResolved', true],
    ]);
    const at = { venue: VENUE, where: SEARCH.route };
    const data = objectAt(dataOf(json, SEARCH.route), at);
    const hits = [...listInAnswer(data, 'categories', at), ...listInAnswer(data, 'markets', at)];
    return { came: `${hits.length} hits`, value: undefined };
  });
  return prober.routes;
}

/** Returns the `data` object of an answer. */
const dataOf = (json: unknown, where: string): unknown => objectAt(json, { venue: VENUE, where }).data;

/** Id of the first market of a category. */
function idOf(markets: unknown): string | undefined {
  const first: unknown = Array.isArray(markets) ? (markets as unknown[])[0] : undefined;
  const id = isObject(first) ? first.id : undefined;
  return typeof id === 'string' || typeof id === 'number' ? String(id) : undefined;
}
