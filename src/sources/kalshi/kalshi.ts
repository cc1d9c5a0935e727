import { per10Seconds } from '../../budget/rate-limits.ts';
import type { Instrument } from '../../contracts/market-data.ts';
import { listInAnswer } from '../catalogue/schema-drift.ts';
import type { Http } from '../http/venue-client.ts';
import { defineVenue } from '../venue.ts';
import { discoverKalshi, type KalshiSelector, kalshiSelector, kalshiUniverse } from './discover.ts';
import { instrumentOf, NO_FACTS, readMarket, VENUE } from './markets.ts';
import { cutoffOf, hourlyVolumes, readBook, readTrade, sharedTrades, tickerOf, trades } from './trades.ts';

/** Kalshi, whose market data needs no key. docs/sources.md describes the routes. */
export const kalshi = defineVenue({
  name: VENUE,
  title: 'Kalshi',
  selector: kalshiSelector,
  forms: '{"ticker": "…"}, {"eventTicker": "…"} or {"seriesTicker": "…"}',
  example: 'eventTicker=KXHIGHNY-26DEC24',
  hosts: {
    api: { variable: 'KALSHI_API_URL', url: 'https://external-api.kalshi.com/trade-api/v2', check: '/exchange/status' },
  },
  // Half of the 20 requests a second of the venue's lowest level: the rest is for other programs of the same IP address.
  limits: { 'market-data': per10Seconds(100) },
  discover: ({ http }, request) => discoverKalshi(http.api, request),
  selectorOf: (instrument): KalshiSelector => ({ ticker: tickerOf(instrument) }),
  trades: ({ http }, instrument) => trades(http.api, instrument),
  universe: kalshiUniverse,
  sharedTrades: ({ http }, instruments, look) => sharedTrades(http.api, instruments, look),
  sharedMarkets: Number.POSITIVE_INFINITY,
  hourlyVolumes: ({ http }, instrument, range) => hourlyVolumes(http.api, instrument, range),
  readTrade,
  book: async ({ http }, instrument) => readBook(await http.api.get(`/markets/${encodeURIComponent(tickerOf(instrument))}/orderbook`)),
  probe: {
    markets: { route: '/events', expects: '`events` with event_ticker, mutually_exclusive and markets; `cursor`', read: openMarkets },
    trades: { route: '/markets/trades', expects: '`trades`; `cursor`' },
    book: { route: '/markets/{ticker}/orderbook', expects: '`orderbook_fp`: yes_dollars and no_dollars' },
    others: [
      {
        route: '/historical/cutoff',
        expects: 'market_settled_ts and trades_created_ts',
        read: async ({ http }) => new Date((await cutoffOf(http.api, 0)).trades).toISOString(),
      },
    ],
  },
});

/** Markets of a few open events. */
async function openMarkets({ http: { api } }: { readonly http: { readonly api: Http } }): Promise<readonly Instrument[]> {
  const at = { venue: VENUE, where: '/events' };
  const json = await api.get(at.where, Object.entries({ status: 'open', with_nested_markets: true, limit: 20 }));
  const markets = listInAnswer(json, 'events', at).flatMap((event) => listInAnswer(event, 'markets', at));
  return markets.map((item) => instrumentOf(readMarket(item, at.where), NO_FACTS, api.clock));
}
