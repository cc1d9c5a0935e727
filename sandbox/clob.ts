import { type Answer, type Api, json, Refusal, type VenueRequest, wholeNumber } from './answer.ts';
import { type Book, bookOf, complementOf } from './book.ts';
import { hexId, isClosed, type Market } from './market.ts';
import { pricePoints } from './price-points.ts';
import { chance } from './random.ts';
import { findMarket, type World } from './world.ts';

const INTERVALS: Readonly<Record<string, number>> = { '1h': 3600, '6h': 21_600, '1d': 86_400, '1w': 604_800, '1m': 2_592_000 };

/** The read routes of Polymarket's CLOB: order book, midpoint, spread and the older price history. */
export function clobApi(world: World): Api {
  function tokenBook({ query, now }: VenueRequest): { market: Market; token: string; book: Book } {
    const token = query.get('token_id') ?? '';
    const market = findMarket(world, 'polymarket', token, now);
    if (market === undefined || !market.tokens.includes(token) || isClosed(market, now)) {
      throw new Refusal(404, 'No orderbook exists for the requested token id');
    }
    const book = bookOf(market, now);
    return { market, token, book: market.tokens[0] === token ? book : complementOf(book, market.decimals) };
  }

  function book(request: VenueRequest): Answer {
    const { market, token, book: found } = tokenBook(request);
    // real answers list the worst level first, unlike the documentation
    const worstFirst = (levels: Book['bids']): object[] =>
      levels.map(([price, size]) => ({ price: String(price), size: String(size) })).reverse();
    return json({
      market: market.conditionId,
      asset_id: token,
      timestamp: String(Math.floor(request.now)),
      hash: hexId(`book ${market.seed} ${Math.floor(request.now / 60_000)}`).slice(2, 42),
      bids: worstFirst(found.bids),
      asks: worstFirst(found.asks),
      min_order_size: '5',
      tick_size: String(10 ** -market.decimals),
      neg_risk: market.group.negativeRisk,
      last_trade_price: String(found.bestBid),
    });
  }

  function pricesHistory({ query, now }: VenueRequest): Answer {
    const token = query.get('market');
    // the venue answers a wrong parameter name with an empty list, not with an error
    if (token === null) return query.has('token_id') ? json({ history: [] }) : refuse('market is required');
    const market = findMarket(world, 'polymarket', token, now);
    if (market === undefined || !market.tokens.includes(token)) return json({ history: [] });
    const explicit = query.has('startTs') || query.has('endTs');
    if (explicit === query.has('interval')) return refuse('exactly one of startTs/endTs and interval is required');
    const fidelity = wholeNumber(query, 'fidelity', { default: 1, min: 1, max: 100_000 });
    const nowSeconds = Math.floor(now / 1000);
    const interval = query.get('interval') ?? '';
    const span = interval === 'max' || interval === 'all' ? 30 * 86_400 : INTERVALS[interval];
    if (!explicit && span === undefined) return refuse('interval is invalid');
    const end = wholeNumber(query, 'endTs', { default: nowSeconds, min: 1, max: 1e11 });
    const start = explicit ? wholeNumber(query, 'startTs', { default: end - 86_400, min: 1, max: 1e11 }) : end - (span ?? 0);
    if (explicit && end - start > 15 * 86_400) return refuse("'startTs' and 'endTs' interval is too long");
    // the venue has no points finer than 12 hours for resolved markets
    if (isClosed(market, now) && fidelity < 720) return json({ history: [] });
    const points = pricePoints(world, market, { token, from: start, to: end + 1, bucket: fidelity * 60, now });
    return json({ history: points.map(({ time, price }) => ({ t: time + Math.floor(4 * chance(market.seed, time)), p: price })) });
  }

  return (request) => {
    switch (request.path) {
      case '/book':
        return book(request);
      case '/midpoint':
        return json({ mid: String(tokenBook(request).book.mid) });
      case '/spread':
        return json({ spread: String(tokenBook(request).book.spread) });
      case '/prices-history':
        return pricesHistory(request);
      default:
        return undefined;
    }
  };
}

function refuse(message: string): never {
  throw new Refusal(400, `invalid filters: ${message}`);
}
