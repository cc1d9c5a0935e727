import { type Answer, type Api, json, Refusal, type VenueRequest, wholeNumber } from './answer.ts';
import { bookOf } from './book.ts';
import { isClosed, type Market, type MarketGroup } from './market.ts';
import { predictRows } from './predict-trades.ts';
import { midpoint, pricePoints } from './price-points.ts';
import type { Place } from './trade-pages.ts';
import { asShown, findMarket, isMissing, stageOf, type World } from './world.ts';

const RESOLUTIONS: Readonly<Record<string, number>> = { '1m': 60, '5m': 300, '15m': 900, '1h': 3600, '4h': 14_400, '1d': 86_400 };

/** The routes of Predict.fun's v1 API. The server checks the key before it calls them. */
export function predictApi(world: World): Api {
  const writer = predictRows(() => world.deck.faults);
  const shown = (now: number): Market[] => world.markets.all('predict', now).filter((market) => !isMissing(world, market));

  function marketOf(id: string | null, now: number): Market {
    const market = id !== null && /^\d+$/.test(id) ? findMarket(world, 'predict', id, now) : undefined;
    if (market === undefined) throw new Refusal(404, 'Market not found');
    return market;
  }

  function markets(request: VenueRequest): Answer {
    const { query, now } = request;
    const variant = query.get('marketVariant');
    const status = query.get('status');
    const wanted = shown(now).filter(
      (market) =>
        (variant === null || market.group.variant === variant) &&
        (status === null || (status === 'RESOLVED') === isClosed(market, now)) &&
        (query.get('categorySlug') ?? market.group.slug) === market.group.slug,
    );
    return paged(
      request,
      wanted,
      (market) => market.number,
      (market) => marketObject(world, market, now),
    );
  }

  /** Lists categories: newest first for `sort=PUBLISHED_AT_DESC`, else by id. */
  function categories(request: VenueRequest): Answer {
    const { query, now } = request;
    const variant = query.get('marketVariant');
    const status = query.get('status');
    const isOver = (group: MarketGroup): boolean => group.markets.every((market) => isClosed(market, now));
    const wanted = world.markets
      .groups('predict', now)
      .filter((group) => (variant === null || group.variant === variant) && (status === null || (status === 'RESOLVED') === isOver(group)));
    const newest = query.get('sort') === 'PUBLISHED_AT_DESC';
    return paged(
      request,
      wanted,
      (group) => (newest ? -publishedAt(group) * 1000 - (group.id % 1000) : group.id),
      (group) => categoryObject(world, group, now),
      1000,
    );
  }

  function matches({ query, now, strike }: VenueRequest): Answer {
    const first = wholeNumber(query, 'first', { default: 20, min: 1, max: 150 });
    const id = query.get('marketId');
    const category = query.get('categoryId');
    const group = category === null ? undefined : world.markets.groups('predict', now).find((each) => String(each.id) === category);
    if (id === null && group === undefined) throw new Refusal(400, 'marketId or categoryId is required');
    const wanted = id === null ? (group?.markets ?? []) : [marketOf(id, now)];
    const after = query.get('after');
    const page = world.pages.page({
      markets: wanted,
      after: after === null ? undefined : readCursor(after, wanted.length),
      limit: first,
      now,
      strike,
      writer,
    });
    const cursor = page.next === null ? 'null' : `"${writeCursor(page.next, strike.repeatPage)}"`;
    return { status: 200, body: `{"success":true,"cursor":${cursor},"data":[${page.rows.join(',')}]}` };
  }

  function timeseries(market: Market, { query, now }: VenueRequest): Answer {
    if (query.get('metric') !== 'chance') throw new Refusal(400, 'metric must be chance');
    const resolution = query.get('resolution') ?? '1h';
    const bucket = RESOLUTIONS[resolution];
    if (bucket === undefined) throw new Refusal(400, `resolution must be one of ${Object.keys(RESOLUTIONS).join(', ')}`);
    const to = wholeNumber(query, 'to', { default: Math.floor(now / 1000), min: 1, max: 1e11 });
    const from = wholeNumber(query, 'from', { default: to - 86_400, min: 1, max: 1e11 });
    const limit = wholeNumber(query, 'limit', { default: 1000, min: 1, max: 1000 });
    const after = query.get('after');
    const start = after === null ? from : Number(Buffer.from(after, 'base64url').toString());
    const points = pricePoints(world, market, { token: market.tokens[0], from: start, to: to + 1, bucket, now });
    const more = points[limit];
    return json({
      success: true,
      cursor: more === undefined ? null : Buffer.from(String(more.time)).toString('base64url'),
      data: { resolution, series: points.slice(0, limit).map(({ time, price }) => ({ x: time * 1000, y: price })) },
    });
  }

  function orderbook(market: Market, now: number): Answer {
    const closed = isClosed(market, now);
    const book = bookOf(market, now);
    return json({
      success: true,
      data: {
        marketId: market.number,
        updateTimestampMs: Math.floor(now),
        bids: closed ? [] : book.bids,
        asks: closed ? [] : book.asks,
        lastOrderSettled: null,
      },
    });
  }

  function search({ query, now }: VenueRequest): Answer {
    const text = query.get('query')?.toLowerCase() ?? '';
    if (text === '') throw new Refusal(400, 'query is required');
    const limit = wholeNumber(query, 'limit', { default: 10, min: 1, max: 25 });
    const resolved = query.get('includeResolved') === 'true';
    const words = text.split(/\s+/);
    const found = shown(now).filter((market) => {
      const haystack = `${market.question} ${market.slug} ${market.group.title} ${market.group.slug}`.toLowerCase();
      return words.every((word) => haystack.includes(word)) && (resolved || !isClosed(market, now));
    });
    const groups = [...new Set(found.map((market) => market.group))];
    return json({
      success: true,
      data: {
        categories: groups.slice(0, limit).map((group) => categoryObject(world, group, now)),
        markets: found.slice(0, limit).map((market) => marketObject(world, market, now)),
      },
    });
  }

  return (request) => {
    const { path, now } = request;
    const part = /^\/v1\/(markets|categories)\/([^/]+)(\/.+)?$/.exec(path);
    if (part?.[1] === 'categories' && part[3] === undefined) {
      const group = world.markets.group('predict', decodeURIComponent(part[2]), now);
      if (group === undefined) throw new Refusal(404, 'Category not found');
      return json({ success: true, data: categoryObject(world, group, now) });
    }
    if (part?.[1] === 'markets') {
      const market = marketOf(part[2], now);
      switch (part[3]) {
        case undefined:
          return json({ success: true, data: marketObject(world, market, now) });
        case '/orderbook':
          return orderbook(market, now);
        case '/timeseries':
          return timeseries(market, request);
        case '/timeseries/latest':
          return json({ success: true, data: { x: Math.floor(now / 1000), y: midpoint(market, market.tokens[0], now) } });
      }
      return undefined;
    }
    switch (path) {
      case '/v1/markets':
        return markets(request);
      case '/v1/categories':
        return categories(request);
      case '/v1/search':
        return search(request);
      case '/v1/orders/matches':
        return matches(request);
      default:
        return undefined;
    }
  };
}

/** A category is published a day before its first market opens; UTC epoch seconds. */
const publishedAt = ({ markets: [first] }: MarketGroup): number => Math.floor(((first?.opensAt ?? 0) - 86_400_000) / 1000);

function paged<T>({ query }: VenueRequest, items: readonly T[], idOf: (item: T) => number, write: (item: T) => object, most = 150): Answer {
  const first = wholeNumber(query, 'first', { default: 20, min: 1, max: most });
  const after = query.get('after');
  const from = after === null ? Number.NEGATIVE_INFINITY : Number(Buffer.from(after, 'base64url').toString());
  if (Number.isNaN(from)) throw new Refusal(400, 'invalid cursor');
  const rest = [...items].sort((a, b) => idOf(a) - idOf(b)).filter((item) => idOf(item) > from);
  const page = rest.slice(0, first);
  const last = page.at(-1);
  const cursor = last === undefined || rest.length <= first ? null : Buffer.from(String(idOf(last))).toString('base64url');
  return json({ success: true, cursor, data: page.map(write) });
}

const writeCursor = (places: readonly Place[], repeated: boolean): string =>
  Buffer.from(JSON.stringify([...places.map(({ time, place }) => [time, place]), ...(repeated ? ['again'] : [])])).toString('base64');

function readCursor(cursor: string, markets: number): Place[] {
  try {
    const places = JSON.parse(Buffer.from(cursor, 'base64').toString()) as [number, number][];
    if (places.length >= markets) return places.slice(0, markets).map(([time, place]) => ({ time, place }));
  } catch {
    // an unreadable cursor gets the same answer as the cursor of another query
  }
  throw new Refusal(400, 'invalid cursor');
}

function marketObject(world: World, found: Market, now: number): Record<string, unknown> {
  const market = asShown(world, found);
  const closed = isClosed(market, now);
  const stage = stageOf(world, market);
  const payout = stage === 'silent' ? null : (market.settlement?.payout ?? null);
  const updown = market.group.variant === 'CRYPTO_UP_DOWN';
  const book = bookOf(market, now);
  const tie = closed && payout === 0.5;
  const outcome = (index: 0 | 1): object => {
    const word = market.settlement?.voided === true ? 'VOIDED' : tie || (payout === 1) === (index === 0) ? 'WON' : 'LOST';
    // both outcomes of a push win
    const won = closed && payout !== null && stage === 'final' ? word : null;
    const bid = index === 0 ? book.bids[0] : book.asks[0] && ([Number((1 - book.asks[0][0]).toFixed(4)), book.asks[0][1]] as const);
    const ask = index === 0 ? book.asks[0] : book.bids[0] && ([Number((1 - book.bids[0][0]).toFixed(4)), book.bids[0][1]] as const);
    const level = (found: readonly [number, number] | undefined): object | null =>
      closed || !found ? null : { price: found[0], size: found[1] };
    return {
      indexSet: index + 1,
      name: market.outcomes[index],
      onChainId: market.tokens[index],
      status: won,
      bestBid: level(bid),
      bestAsk: level(ask),
    };
  };
  const outcomes = [outcome(0), outcome(1)];
  const startPrice = 3000 + (market.seed % 100_000) / 100;
  const endPrice = tie ? startPrice : startPrice + (payout === 1 ? 4.5 : -4.5);
  return {
    id: market.number,
    categorySlug: market.group.slug,
    conditionId: market.conditionId,
    createdAt: new Date(market.opensAt - 3_600_000).toISOString(),
    decimalPrecision: market.decimals,
    description: `A made-up market: ${market.question}`,
    feeRateBps: 200,
    imageUrl: '',
    isNegRisk: market.group.negativeRisk,
    isYieldBearing: false,
    isVisible: true,
    marketVariant: market.group.variant,
    outcomes,
    polymarketConditionIds: market.twins,
    ...(market.kalshiTicker !== null && { kalshiMarketTicker: market.kalshiTicker }),
    question: market.question,
    title: market.question,
    // the venue updates the status of a push later than its prices and outcomes
    status:
      !closed || (tie && updown) || stage === 'silent' ? 'REGISTERED' : stage === 'final' ? 'RESOLVED' : `PRICE_${stage.toUpperCase()}`,
    tradingStatus: closed ? 'CLOSED' : 'OPEN',
    resolution: closed && !tie ? outcomes[payout === 1 ? 0 : 1] : null,
    variantData: updown
      ? {
          type: 'CRYPTO_UP_DOWN',
          startPrice,
          endPrice: closed && stage !== 'silent' ? endPrice : null,
          priceFeedId: '1',
          priceFeedProvider: 'CHAINLINK',
          priceFeedSymbol: 'ETHUSDT',
        }
      : null,
  };
}

function categoryObject(world: World, group: MarketGroup, now: number): Record<string, unknown> {
  const first = group.markets[0];
  return {
    id: group.id,
    slug: group.slug,
    title: group.title,
    description: '',
    imageUrl: '',
    isNegRisk: group.negativeRisk,
    isYieldBearing: false,
    marketVariant: group.variant,
    status: group.markets.every((market) => isClosed(market, now)) ? 'RESOLVED' : 'OPEN',
    createdAt: first && new Date(first.opensAt - 3_600_000).toISOString(),
    publishedAt: new Date(publishedAt(group) * 1000).toISOString(),
    startsAt: first && new Date(first.opensAt).toISOString(),
    endsAt: first && new Date(first.closesAt).toISOString(),
    tags: group.tags.map((name, index) => ({ id: index + 1, name })),
    markets: group.markets.map((market) => marketObject(world, market, now)),
  };
}
