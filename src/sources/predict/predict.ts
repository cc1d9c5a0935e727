import { perMinute } from '../../budget/rate-limits.ts';
import { defineVenue } from '../venue.ts';
import { discoverPredict, type PredictSelector, predictSelector } from './discover.ts';
import { marketIdOf, matches, readBook, readMatch, VENUE } from './matches.ts';
import { probePredict } from './probe.ts';
import { searchPredict } from './search.ts';

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
    // The venue's test network.
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
