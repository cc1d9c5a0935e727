import type { Instrument } from '../../contracts/market-data.ts';
import { isObject, listInAnswer, type RequiredFields, refuseRenamedFields } from '../catalogue/schema-drift.ts';
import { noteChange } from '../http/request-tally.ts';
import { type ProbedRoute, withSpares } from '../probe/judge-answer.ts';
import { counted, createProber, type ReadAnswer, rowsIn } from '../probe/prober.ts';
import { type PolymarketApi, VENUE } from './api.ts';
import { readBook } from './book.ts';
import { listInEnvelope, readMarkets } from './catalogue/gamma.ts';
import { readResolutionPage } from './catalogue/payouts.ts';
import { readPricePage } from './prices.ts';
import { readTradePage } from './trades.ts';

/** Number of rows per request, which is enough to detect fields that all rows lack. */
const FEW = 20;
const HOUR = 3600;

const MARKETS = '`markets`: condition id, slug, outcomes, token ids, closed; `next_cursor`';
const EVENTS = '`events`: slug, title, markets; `next_cursor`';
/** The older listings, with the newer listing that is read first. */
const OLDER = { '/markets': '/markets/keyset', '/events': '/events/keyset' } as const;

/** Requests each route that the adapter reads once, for the most traded of a few open markets. */
export async function probePolymarket(
  { gamma, clob, data }: PolymarketApi,
  { tradesRoute, signal }: { tradesRoute: 'v2' | 'v1'; signal: AbortSignal },
): Promise<readonly ProbedRoute[]> {
  const prober = createProber(VENUE, signal);
  const call = { precedence: 'live', signal } as const;
  const list = async (path: '/markets' | '/markets/keyset' | '/events' | '/events/keyset') => {
    const isEvents = path.startsWith('/events');
    const family = isEvents ? 'polymarket/gamma-events' : 'polymarket/gamma-markets';
    const query = [
      ['limit', isEvents ? 2 : FEW],
      ['closed', false],
    ] as const;
    const { json } = await gamma.get({ path, query, family, ...call });
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
  if (market === undefined) prober.skip(bySlug, noMarket);
  else
    await prober.read(bySlug, async () => {
      const path = `/markets/slug/${encodeURIComponent(market.reference)}`;
      const { json } = await gamma.get({ path, family: 'polymarket/gamma-markets', ...call });
      return instrumentsIn([json], '/markets/slug');
    });
  const slug = event ?? olderEvent;
  if (slug === undefined) prober.skip(byEvent, 'no listing named an open event');
  else
    await prober.read(byEvent, async () => {
      const { json } = await gamma.get({ path: `/events/slug/${encodeURIComponent(slug)}`, family: 'polymarket/gamma-events', ...call });
      return eventsIn([json], '/events/slug');
    });
  await prober.read({ route: '/public-search', expects: '`events`: slug, title, markets' }, async () => {
    const query = [
      ['q', 'bitcoin'],
      ['limit_per_type', 2],
    ] as const;
    const { json } = await gamma.get({ path: '/public-search', query, family: 'polymarket/gamma-search', ...call });
    return eventsIn(listInAnswer(json, 'events', { venue: VENUE, where: '/public-search' }), '/public-search');
  });

  const trades = {
    route: tradesRoute === 'v2' ? ('/v2/trades' as const) : ('/trades' as const),
    expects: '`data`: token, side, price, size, timestamp, transaction, wallet; `pagination.next_cursor`',
  };
  const points = { route: '/v2/prices-history', expects: '`data`: timestamp, price; `pagination.next_cursor`' };
  const resolutions = { route: '/v2/resolutions', expects: '`data`: condition id, status, payouts or price' };
  const book = { route: '/book', expects: '`bids` and `asks` with prices; timestamp' };
  if (market === undefined) for (const route of [trades, points, resolutions, book]) prober.skip(route, noMarket);
  else {
    const id = market.id.slice(`${VENUE}:`.length);
    const token = market.outcomeIds[0] ?? '';
    await prober.read(trades, async () => {
      const isNewer = tradesRoute === 'v2';
      const query = [
        [isNewer ? 'condition' : 'market', id],
        ['limit', FEW],
        [isNewer ? 'taker_only' : 'takerOnly', true],
      ] as const;
      const { json } = await data.get({ path: trades.route, query, family: 'polymarket/data-trades', ...call });
      return rowsIn(readTradePage(json, market, trades.route).rows, 'trade');
    });
    await prober.read(points, async () => {
      const end = Math.floor(data.clock / 1000);
      const query = [
        ['token_id', token],
        ['start', end - HOUR],
        ['end', end],
        ['bucket_seconds', 300],
        ['limit', FEW],
      ] as const;
      const { json } = await data.get({ path: points.route, query, family: 'polymarket/data-prices', ...call });
      return rowsIn(readPricePage(json).rows, 'price point');
    });
    await prober.read(resolutions, async () => {
      const { json } = await data.get({ path: resolutions.route, query: [['condition', id]], family: 'polymarket/data-general', ...call });
      return { came: counted(readResolutionPage(json).length, 'record'), value: undefined };
    });
    await prober.read(book, async () => {
      const { json } = await clob.get({ path: '/book', query: [['token_id', token]], family: 'polymarket/clob-book', ...call });
      const { bid, ask } = readBook(json, 0);
      return { came: `best bid ${bid ?? 'none'}, best ask ${ask ?? 'none'}`, value: undefined };
    });
  }
  return withSpares(prober.routes, OLDER);
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
