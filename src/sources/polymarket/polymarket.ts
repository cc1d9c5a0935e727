import { per10Seconds } from '../../budget/rate-limits.ts';
import { DAY_MS } from '../../contracts/words.ts';
import { defineVenue } from '../venue.ts';
import { discoverPolymarket, type PolymarketSelector, polymarketSelector } from './catalogue/discover.ts';
import { searchPolymarket, searchPolymarketTag } from './catalogue/search.ts';
import { polymarketUniverse } from './catalogue/universe.ts';
import { collectPrices } from './prices.ts';
import { probePolymarket } from './probe.ts';
import { conditionIdOf, readBook, readTrade, sharedTradesV2, tradesV1, tradesV2, VENUE } from './trades.ts';

/** Polymarket: Gamma knows the markets, Data the trades and price points, the CLOB the order books. docs/sources.md describes the routes. */
export const polymarket = defineVenue({
  name: VENUE,
  title: 'Polymarket',
  selector: polymarketSelector,
  forms: '{"conditionId": "0x…"}, {"slug": "…"}, {"eventSlug": "…"} or {"seriesSlug": "…"}',
  example: 'slug=will-it-rain',
  hosts: {
    gamma: { variable: 'POLYMARKET_GAMMA_URL', url: 'https://gamma-api.polymarket.com', check: '/markets?limit=1' },
    clob: { variable: 'POLYMARKET_CLOB_URL', url: 'https://clob.polymarket.com', check: '/midpoint' },
    data: { variable: 'POLYMARKET_DATA_URL', url: 'https://data-api.polymarket.com', check: '/v2/trades?limit=1' },
  },
  limits: {
    'gamma-markets': per10Seconds(300),
    'gamma-events': per10Seconds(500),
    'gamma-search': per10Seconds(350),
    'data-trades': per10Seconds(200),
    'data-prices': per10Seconds(200),
    'data-general': per10Seconds(1000),
    'clob-book': per10Seconds(1500),
  },
  options: {
    /** Version of the Data API for trades. v1 is a fallback that the venue is retiring. */
    POLYMARKET_TRADES_ROUTE: ['v2', 'v1'],
    /** Whether price points are collected in addition to trades. */
    POLYMARKET_PRICE_POINTS: ['on', 'off'],
  },
  // The trades route shows the last three years.
  horizonMs: { trade: 3 * 365 * DAY_MS, price: null },
  discover: ({ http }, request) => discoverPolymarket(http, request),
  selectorOf: (instrument): PolymarketSelector => ({ conditionId: conditionIdOf(instrument) }),
  trades: ({ http, options }, instrument) => (options.POLYMARKET_TRADES_ROUTE === 'v1' ? tradesV1 : tradesV2)(http.data, instrument),
  sharedTrades: async ({ http, options }, instruments) =>
    options.POLYMARKET_TRADES_ROUTE === 'v1' ? undefined : await sharedTradesV2(http.data, instruments),
  universe: polymarketUniverse,
  readTrade,
  points: ({ http, options }, request, resume) =>
    options.POLYMARKET_PRICE_POINTS === 'off' ? undefined : collectPrices(http.data, request, resume),
  book: async ({ http }, { outcomeIds }) => readBook(await http.clob.get('/book', [['token_id', outcomeIds[0] ?? '']], 'clob-book')),
  search: ({ http }, { text, tag }) =>
    tag === undefined ? searchPolymarket(http.gamma, text) : searchPolymarketTag(http.gamma, tag, text),
  hasTags: true,
  probe: probePolymarket,
});
