import { type Api, json, wholeNumber } from './answer.ts';
import { chance } from './random.ts';

const MINUTE = 60_000;
const DAY = 1440 * MINUTE;
/** Time between two trades of a market. */
const STEP = 10 * MINUTE;
/** Age from which markets and trades are only in the historical routes. */
const CUTOFF = 20 * DAY;

const EVENT = 'KXRAINNYC-26DEC';
const MARKETS = [`${EVENT}-T5`, `${EVENT}-T8`];

/** Kalshi's read routes: one event of two markets, with a trade every ten minutes and a cutoff that moves with the clock. */
export function kalshiApi(start: number): Api {
  const opensAt = Math.floor((start - 30 * DAY) / STEP) * STEP;
  const iso = (time: number): string => new Date(time).toISOString();
  const market = (ticker: string) => ({
    ticker,
    event_ticker: EVENT,
    market_type: 'binary',
    title: 'Rain in New York City in December?',
    yes_sub_title: `Above ${ticker.slice(-1)} inches`,
    status: 'active',
    result: '',
    open_time: iso(opensAt),
    close_time: iso(start + 20 * DAY),
    latest_expiration_time: iso(start + 27 * DAY),
    can_close_early: true,
    price_level_structure: 'linear_cent',
    price_ranges: [{ start: '0.0000', end: '1.0000', step: '0.0100' }],
  });
  const event = {
    event_ticker: EVENT,
    series_ticker: 'KXRAINNYC',
    title: 'Rain in New York City in December?',
    mutually_exclusive: false,
    markets: MARKETS.map(market),
  };
  const price = (ticker: string, index: number): number => Math.round(20 + 40 * chance(ticker, Math.floor(index / 6))) / 100;
  const trade = (ticker: string, index: number) => ({
    trade_id: `${ticker}-${index}`,
    ticker,
    count_fp: (1 + 20 * chance(ticker, index, 'size')).toFixed(2),
    yes_price_dollars: price(ticker, index).toFixed(4),
    no_price_dollars: (1 - price(ticker, index)).toFixed(4),
    taker_outcome_side: chance(ticker, index, 'side') < 0.5 ? 'yes' : 'no',
    taker_book_side: chance(ticker, index, 'side') < 0.5 ? 'bid' : 'ask',
    created_time: iso(opensAt + index * STEP),
    is_block_trade: false,
  });
  return ({ path, query, now }) => {
    const [, kind, id = '', part] = path.split('/');
    const firstLive = Math.max(0, Math.ceil((now - CUTOFF - opensAt) / STEP));
    if (path === '/exchange/status') return json({ exchange_active: true, trading_active: true });
    if (path === '/historical/cutoff') return json({ market_settled_ts: iso(now - CUTOFF), trades_created_ts: iso(now - CUTOFF) });
    if (path === '/historical/markets') return json({ markets: [], cursor: '' });
    if (path === '/markets/trades' || path === '/historical/trades') {
      const ticker = query.get('ticker') ?? '';
      const isOlder = path.startsWith('/historical');
      const newest = isOlder ? firstLive - 1 : Math.floor((now - opensAt) / STEP);
      const limit = wholeNumber(query, 'limit', { default: 100, min: 1, max: 1000 });
      const from = Math.min(newest, wholeNumber(query, 'cursor', { default: newest, min: 0, max: 1e9 }));
      const last = Math.max(isOlder ? 0 : firstLive, from - limit + 1);
      const shown = MARKETS.includes(ticker) ? Math.max(0, from - last + 1) : 0;
      const hasMore = shown > 0 && last > (isOlder ? 0 : firstLive);
      return json({ trades: Array.from({ length: shown }, (_, i) => trade(ticker, from - i)), cursor: hasMore ? String(last - 1) : '' });
    }
    if (path === '/events') return json({ events: [event], cursor: '' });
    if (kind === 'events') return id === EVENT ? json({ event }) : undefined;
    if (kind === 'series') return json({ series: { ticker: id, fee_type: 'quadratic', fee_multiplier: 1 } });
    if (kind !== 'markets' || !MARKETS.includes(id)) return undefined;
    if (part === undefined) return json({ market: market(id) });
    const cents = Math.round(100 * price(id, Math.floor((now - opensAt) / STEP)));
    const level = (of: number): [string, string] => [(of / 100).toFixed(4), '25.00'];
    return json({
      orderbook_fp: { yes_dollars: [level(cents - 2), level(cents - 1)], no_dollars: [level(98 - cents), level(99 - cents)] },
    });
  };
}
