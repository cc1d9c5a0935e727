import { per10Seconds } from '../../budget/rate-limits.ts';
import { listInAnswer } from '../catalogue/schema-drift.ts';
import type { Http } from '../http/venue-client.ts';
import { bookIn, counted, type Prober, rowsIn } from '../probe/prober.ts';
import { defineVenue } from '../venue.ts';
import { discoverKalshi, type KalshiSelector, kalshiSelector } from './discover.ts';
import { instrumentOf, readMarket, VENUE } from './markets.ts';
import { cutoffOf, readBook, readTrade, readTradePage, tickerOf, trades } from './trades.ts';

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
  // Twenty a second is the venue's lowest level; half of it leaves room for other programs of this address.
  limits: { 'market-data': per10Seconds(100) },
  discover: ({ http }, request) => discoverKalshi(http.api, request),
  selectorOf: (instrument): KalshiSelector => ({ ticker: tickerOf(instrument) }),
  trades: ({ http }, instrument) => trades(http.api, instrument),
  readTrade,
  book: async ({ http }, instrument) => readBook(await http.api.get(`/markets/${encodeURIComponent(tickerOf(instrument))}/orderbook`)),
  probe: ({ http }, prober) => probeKalshi(http.api, prober),
});

/** Number of rows per request, which is enough to detect fields that all rows lack. */
const FEW = 20;
const NO_FACTS = { ticker: 'probe', title: null, exclusive: null, fees: null, earlier: [] };

/** Requests each route that the adapter reads once, for an open market. */
async function probeKalshi(api: Http, prober: Prober): Promise<void> {
  const listing = { route: '/events', expects: '`events` with event_ticker, mutually_exclusive and markets; `cursor`' };
  const market = await prober.read(listing, async () => {
    const query = [
      ['status', 'open'],
      ['with_nested_markets', true],
      ['limit', FEW],
    ] as const;
    const events = listInAnswer(await api.get('/events', query), 'events', { venue: VENUE, where: '/events' });
    const markets = events.flatMap((event) => listInAnswer(event, 'markets', { venue: VENUE, where: '/events' }));
    const read = markets.map((item) => instrumentOf(readMarket(item, '/events'), NO_FACTS, api.clock));
    return { came: counted(events.length, 'event'), value: read.find(({ closed }) => !closed) };
  });
  const noMarket = 'the listing named no open market';
  await prober.readIf(market, { route: '/markets/trades', expects: '`trades`; `cursor`' }, noMarket, async (instrument) => {
    const query = [
      ['ticker', tickerOf(instrument)],
      ['limit', FEW],
    ] as const;
    return rowsIn(readTradePage(await api.get('/markets/trades', query), instrument).rows, 'trade');
  });
  const book = { route: '/markets/{ticker}/orderbook', expects: '`orderbook_fp`: yes_dollars and no_dollars' };
  await prober.readIf(market, book, noMarket, async (instrument) =>
    bookIn(readBook(await api.get(`/markets/${encodeURIComponent(tickerOf(instrument))}/orderbook`))),
  );
  await prober.read({ route: '/historical/cutoff', expects: 'market_settled_ts and trades_created_ts' }, async () => {
    const cutoff = await cutoffOf(api);
    return { came: new Date(cutoff.trades).toISOString(), value: undefined };
  });
}
