import type { Instrument } from '../../contracts/market-data.ts';
import { isObject, listInAnswer, type RequiredFields, refuseRenamedFields } from '../catalogue/schema-drift.ts';
import { noteChange } from '../http/request-tally.ts';
import { type ProbedRoute, withReplacements } from '../probe/judge-answer.ts';
import { bookIn, counted, type Prober, type ReadAnswer, rowsIn } from '../probe/prober.ts';
import type { VenueContext } from '../venue.ts';
import { listInEnvelope, readMarkets } from './catalogue/gamma.ts';
import { readResolutionPage } from './catalogue/payouts.ts';
import { readPricePage } from './prices.ts';
import { conditionIdOf, readBook, readTradePage, VENUE } from './trades.ts';

/** Number of rows per request: enough to detect a field that every row lacks. */
const ROWS_PER_REQUEST = 20;
const HOUR = 3600;

const MARKETS = '`markets`: condition id, slug, outcomes, token ids, closed; `next_cursor`';
const EVENTS = '`events`: slug, title, markets; `next_cursor`';
/** For each older listing, the newer one that is read first. */
const OLDER = { '/markets': '/markets/keyset', '/events': '/events/keyset' } as const;

/** Requests each route that the adapter uses once; the market is the most traded one of a few open markets. */
export async function probePolymarket(
  { http: { gamma, clob, data }, options }: VenueContext<'gamma' | 'clob' | 'data'>,
  prober: Prober,
): Promise<readonly ProbedRoute[]> {
  const isNewer = options.POLYMARKET_TRADES_ROUTE !== 'v1';
  const list = async (path: '/markets' | '/markets/keyset' | '/events' | '/events/keyset') => {
    const isEvents = path.startsWith('/events');
    const query = [
      ['limit', isEvents ? 2 : ROWS_PER_REQUEST],
      ['closed', false],
    ] as const;
    const json = await gamma.get(path, query, isEvents ? 'gamma-events' : 'gamma-markets');
    if (path.endsWith('/keyset') && isObject(json) && !('next_cursor' in json))
      noteChange(VENUE, path, 'lacks the field "next_cursor" in all of its rows');
    return listInEnvelope(json, isEvents ? 'events' : 'markets', path);
  };
  const markets = (path: '/markets' | '/markets/keyset') => async (): Promise<ReadAnswer<readonly Instrument[]>> =>
    instrumentsIn(await list(path), path);
  const events = (path: '/events' | '/events/keyset') => async (): Promise<ReadAnswer<string | undefined>> => {
    const found = await list(path);
    const { came, problems } = eventsIn(found, path);
    const [first] = found;
    return { came, problems, value: isObject(first) && typeof first.slug === 'string' ? first.slug : undefined };
  };

  const newer = await prober.read({ route: '/markets/keyset', expects: MARKETS }, markets('/markets/keyset'));
  const older = await prober.read(
    { route: '/markets', expects: 'a list of the same markets; read where the first one is gone' },
    markets('/markets'),
  );
  const event = await prober.read({ route: '/events/keyset', expects: EVENTS }, events('/events/keyset'));
  const olderEvent = await prober.read(
    { route: '/events', expects: 'a list of the same events; read where the first one is gone' },
    events('/events'),
  );
  const market = mostTraded([...(newer ?? []), ...(older ?? [])]);

  const bySlug = { route: '/markets/slug/{slug}', expects: 'one market' };
  const byEvent = { route: '/events/slug/{slug}', expects: 'one event with its markets' };
  const noMarket = 'no listing named an open market';
  await prober.readIf(market, bySlug, noMarket, async ({ reference }) =>
    instrumentsIn([await gamma.get(`/markets/slug/${encodeURIComponent(reference)}`, [], 'gamma-markets')], '/markets/slug'),
  );
  await prober.readIf(event ?? olderEvent, byEvent, 'no listing named an open event', async (slug) =>
    eventsIn([await gamma.get(`/events/slug/${encodeURIComponent(slug)}`, [], 'gamma-events')], '/events/slug'),
  );
  await prober.read({ route: '/public-search', expects: '`events`: slug, title, markets' }, async () => {
    const query = [
      ['q', 'bitcoin'],
      ['limit_per_type', 2],
    ] as const;
    const json = await gamma.get('/public-search', query, 'gamma-search');
    return eventsIn(listInAnswer(json, 'events', { venue: VENUE, where: '/public-search' }), '/public-search');
  });

  const where = isNewer ? '/v2/trades' : '/trades';
  const trades = { route: where, expects: '`data`: token, side, price, size, timestamp, transaction, wallet; `pagination.next_cursor`' };
  await prober.readIf(market, trades, noMarket, async (instrument) => {
    const query = [
      [isNewer ? 'condition' : 'market', conditionIdOf(instrument)],
      ['limit', ROWS_PER_REQUEST],
      [isNewer ? 'taker_only' : 'takerOnly', true],
    ] as const;
    return rowsIn(readTradePage(await data.get(where, query, 'data-trades'), instrument, where).rows, 'trade');
  });
  const points = { route: '/v2/prices-history', expects: '`data`: timestamp, price; `pagination.next_cursor`' };
  await prober.readIf(market, points, noMarket, async ({ outcomeIds }) => {
    const end = Math.floor(data.clock / 1000);
    const query = [
      ['token_id', outcomeIds[0] ?? ''],
      ['start', end - HOUR],
      ['end', end],
      ['bucket_seconds', 300],
      ['limit', ROWS_PER_REQUEST],
    ] as const;
    return rowsIn(readPricePage(await data.get(points.route, query, 'data-prices')).rows, 'price point');
  });
  const resolutions = { route: '/v2/resolutions', expects: '`data`: condition id, status, payouts or price' };
  await prober.readIf(market, resolutions, noMarket, async (instrument) => {
    const json = await data.get(resolutions.route, [['condition', conditionIdOf(instrument)]], 'data-general');
    return { came: counted(readResolutionPage(json).length, 'record'), value: undefined };
  });
  const book = { route: '/book', expects: '`bids` and `asks` with prices; timestamp' };
  await prober.readIf(market, book, noMarket, async ({ outcomeIds }) =>
    bookIn(readBook(await clob.get('/book', [['token_id', outcomeIds[0] ?? '']], 'clob-book'))),
  );
  return withReplacements(prober.routes, OLDER);
}

function instrumentsIn(list: readonly unknown[], where: string): ReadAnswer<readonly Instrument[]> {
  const { instruments, problems } = readMarkets(list, where);
  return { came: counted(list.length, 'market'), problems, value: instruments };
}

const EVENT_FIELDS: RequiredFields = [['slug'], ['title']];

function eventsIn(list: readonly unknown[], where: string): ReadAnswer<undefined> {
  const at = { venue: VENUE, where };
  refuseRenamedFields(list, EVENT_FIELDS, { ...at, list: 'events' });
  const problems = list.flatMap((event) => readMarkets(listInAnswer(event, 'markets', at), where).problems);
  return { came: counted(list.length, 'event'), problems, value: undefined };
}

const mostTraded = (instruments: readonly Instrument[]): Instrument | undefined =>
  instruments.filter(({ closed }) => !closed).sort((a, b) => (b.stated?.volume ?? 0) - (a.stated?.volume ?? 0))[0];
