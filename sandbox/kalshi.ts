import { type Answer, type Api, json, Refusal, type VenueRequest, wholeNumber } from './answer.ts';
import { bookOf } from './book.ts';
import type { Faults } from './faults.ts';
import { isClosed, type Market, type MarketGroup } from './market.ts';
import { badRowOf } from './polymarket-trades.ts';
import { settlementId } from './predict-trades.ts';
import type { Place, RowWriter } from './trade-pages.ts';
import type { Trade } from './trades.ts';
import { asShown, findMarket, isMissing, stageOf, type World } from './world.ts';

const DAY = 86_400_000;
/** An hour in seconds, the grain of candlesticks. */
const HOUR = 3600;
/** Age from which markets and trades are only in the historical routes; the cutoff moves with the clock. */
const CUTOFF = 20 * DAY;

const iso = (time: number): string => new Date(time).toISOString();
const seriesOf = ({ slug }: MarketGroup): string => slug.split('-')[0];

/** Whether the taker of a fill is positioned for Yes, by buying Yes or selling No. */
export const isForYes = ({ buy, outcome }: Trade): boolean => buy === (outcome === 0);

/** Kalshi's read routes. */
export function kalshiApi(world: World): Api {
  const writer = kalshiRows(() => world.deck.faults);

  function marketOf(ticker: string, now: number): Market {
    const market = findMarket(world, 'kalshi', ticker, now);
    if (market === undefined) throw new Refusal(404, 'not found');
    return market;
  }

  function eventsOf({ query, now }: VenueRequest): Answer {
    const series = query.get('series_ticker');
    const since = wholeNumber(query, 'min_close_ts', { default: 0, min: 0, max: 1e11 }) * 1000;
    const tickers = query.get('tickers')?.split(',');
    const wanted = world.markets
      .groups('kalshi', now)
      .filter((group) => (series === null || seriesOf(group) === series) && group.markets.some(({ closesAt }) => closesAt >= since))
      .filter(({ slug }) => tickers === undefined || tickers.includes(slug));
    const limit = wholeNumber(query, 'limit', { default: 200, min: 1, max: 200 });
    const from = wholeNumber(query, 'cursor', { default: 0, min: 0, max: 1e9 });
    const events = wanted.slice(from, from + limit).map((group) => eventObject(world, group, now));
    return json({ events, cursor: from + limit < wanted.length ? String(from + limit) : '' });
  }

  function marketsOf({ query, now }: VenueRequest): Answer {
    const tickers = query.get('tickers')?.split(',') ?? [];
    if (tickers.length === 0 || tickers.length > 100) throw new Refusal(400, 'the sandbox lists markets by 1 to 100 tickers');
    const found = tickers.flatMap((ticker) => findMarket(world, 'kalshi', ticker, now) ?? []);
    return json({ markets: found.map((market) => marketObject(world, market, now)), cursor: '' });
  }

  const seriesObject = (ticker: string): object => ({
    ticker,
    category: ticker === 'KXVOTE' ? 'Politics' : 'Sports',
    fee_type: 'quadratic',
    fee_multiplier: 1,
  });

  /** Places of the whole exchange's pages, by cursor. */
  const places = new Map<string, readonly Place[]>();

  /** The trades of the whole exchange, newest first. */
  function allTrades({ path, query, now, strike }: VenueRequest): Answer {
    const isOlder = path.startsWith('/historical');
    const cutoff = Math.ceil((now - CUTOFF) / 1000);
    const markets = world.markets.all('kalshi', now).filter((market) => !isMissing(world, market));
    const cursor = query.get('cursor');
    const after = cursor === null ? (isOlder ? markets.map(() => ({ time: cutoff, place: 0 })) : undefined) : places.get(cursor);
    if (cursor !== null && after?.length !== markets.length) throw new Refusal(400, 'invalid cursor');
    const page = world.pages.page({
      markets,
      after,
      limit: wholeNumber(query, 'limit', { default: 100, min: 1, max: 1000 }),
      now,
      strike,
      writer,
      ...(!isOlder && { since: cutoff }),
    });
    const next = page.next === null ? '' : `all.${places.size}`;
    if (page.next !== null) places.set(next, page.next);
    return { status: 200, body: `{"trades":[${page.rows.join(',')}],"cursor":"${next}"}` };
  }

  function trades({ path, query, now, strike }: VenueRequest): Answer {
    const isOlder = path.startsWith('/historical');
    const market = findMarket(world, 'kalshi', query.get('ticker') ?? '', now);
    if (market === undefined) return json({ trades: [], cursor: '' });
    const cutoff = Math.ceil((now - CUTOFF) / 1000);
    const cursor = query.get('cursor');
    const after = cursor === null ? (isOlder ? { time: cutoff, place: 0 } : undefined) : readCursor(cursor);
    const page = world.pages.page({
      markets: [market],
      after: after && [after],
      limit: wholeNumber(query, 'limit', { default: 100, min: 1, max: 1000 }),
      now,
      strike,
      writer,
      ...(!isOlder && { since: cutoff }),
    });
    const next =
      page.next === null ? '' : page.next.map(({ time, place }) => `${time}.${place}${strike.repeatPage ? '.again' : ''}`).join();
    return { status: 200, body: `{"trades":[${page.rows.join(',')}],"cursor":"${next}"}` };
  }

  /** The hourly candlesticks of a market whose volumes the sandbox states. */
  function candlesticks({ query, now }: VenueRequest): Answer {
    const market = marketOf(query.get('market_tickers') ?? '', now);
    const [from, to] = ['start_ts', 'end_ts'].map((name) => wholeNumber(query, name, { default: 0, min: 0, max: 1e11 }));
    const tape = world.tapes.of(market);
    const volumeAt = (time: number): number => tape.sizes(Math.min(time * 1000, now));
    const hours = Array.from({ length: Math.max(0, (to - from) / HOUR) }, (_, i) => from + (i + 1) * HOUR);
    const candles = hours.map((end) => ({ end_period_ts: end, volume_fp: ((volumeAt(end) - volumeAt(end - HOUR)) / 1e6).toFixed(6) }));
    return json({ markets: [{ market_ticker: market.slug, candlesticks: world.statesVolumes ? candles : [] }] });
  }

  return (request) => {
    const { path, now } = request;
    const [, kind, id = '', part] = path.split('/');
    switch (path) {
      case '/exchange/status':
        return json({ exchange_active: true, trading_active: true });
      case '/historical/cutoff':
        return json({ market_settled_ts: iso(now - CUTOFF), trades_created_ts: iso(now - CUTOFF) });
      case '/historical/markets':
        return json({ markets: [], cursor: '' });
      case '/series/fee_changes':
        return json({ series_fee_change_arr: [] });
      case '/markets/trades':
      case '/historical/trades':
        return request.query.has('ticker') ? trades(request) : allTrades(request);
      case '/markets/candlesticks':
        return candlesticks(request);
      case '/markets':
        return marketsOf(request);
      case '/series':
        return json({ series: [...new Set(world.markets.groups('kalshi', now).map(seriesOf))].map(seriesObject) });
      case '/events':
        return eventsOf(request);
    }
    if (kind === 'series') return json({ series: seriesObject(id) });
    const group = kind === 'events' ? world.markets.group('kalshi', decodeURIComponent(id), now) : undefined;
    if (group !== undefined) return json({ event: eventObject(world, group, now) });
    if (kind !== 'markets') return undefined;
    const market = marketOf(decodeURIComponent(id), now);
    return part === undefined ? json({ market: marketObject(world, market, now) }) : orderbook(market, now);
  };
}

function orderbook(market: Market, now: number): Answer {
  const { bids, asks } = isClosed(market, now) ? { bids: [], asks: [] } : bookOf(market, now);
  const level = ([price, size]: readonly [number, number]): [string, string] => [price.toFixed(4), size.toFixed(2)];
  return json({
    orderbook_fp: { yes_dollars: bids.map(level), no_dollars: asks.map(([price, size]) => level([1 - price, size])) },
  });
}

function eventObject(world: World, group: MarketGroup, now: number): Record<string, unknown> {
  return {
    event_ticker: group.slug,
    series_ticker: seriesOf(group),
    title: group.title,
    mutually_exclusive: group.negativeRisk,
    markets: group.markets.filter((market) => !isMissing(world, market)).map((market) => marketObject(world, market, now)),
  };
}

const STATUSES = { silent: 'closed', proposed: 'determined', disputed: 'disputed', final: 'finalized' } as const;

function marketObject(world: World, found: Market, now: number): Record<string, unknown> {
  const market = asShown(world, found);
  const closed = isClosed(market, now);
  const stage = stageOf(world, market);
  const payout = closed && stage !== 'silent' ? (market.settlement?.payout ?? null) : null;
  const result = payout === null ? '' : payout === 1 ? 'yes' : payout === 0 ? 'no' : 'scalar';
  return {
    ticker: market.slug,
    event_ticker: market.group.slug,
    market_type: 'binary',
    title: market.question,
    yes_sub_title: '',
    status: closed ? STATUSES[stage] : 'active',
    result,
    ...(payout !== null && { settlement_value_dollars: payout.toFixed(4), settlement_ts: iso(market.settlement?.at ?? 0) }),
    open_time: iso(market.opensAt),
    close_time: iso(market.closesAt),
    latest_expiration_time: iso(market.closesAt + 7 * DAY),
    ...(world.statesVolumes && { volume_fp: (world.tapes.of(found).sizes(now) / 1e6).toFixed(6) }),
    can_close_early: true,
    settlement_timer_seconds: 1800,
    rules_primary: `If ${market.question} happens, the market resolves to Yes.`,
    rules_secondary: 'If the event is cancelled or postponed, the market resolves to a fair market price.',
    price_level_structure: 'linear_cent',
    price_ranges: [{ start: '0.0000', end: '1.0000', step: '0.0100' }],
  };
}

function readCursor(cursor: string): Place {
  const [time, place] = cursor.split('.').map(Number);
  if (Number.isNaN(time) || Number.isNaN(place)) throw new Refusal(400, 'invalid cursor');
  return { time, place };
}

/** Creates the writer of the rows of `/markets/trades`. */
function kalshiRows(faults: () => Faults): RowWriter {
  const fields = (market: Market, trade: Trade): Record<string, unknown> => {
    const side = isForYes(trade) ? 'yes' : 'no';
    return {
      trade_id: settlementId(market, trade),
      ticker: market.slug,
      count_fp: String(trade.sizeMicros / 1e6),
      yes_price_dollars: (trade.ticks / 10 ** market.decimals).toFixed(4),
      no_price_dollars: (1 - trade.ticks / 10 ** market.decimals).toFixed(4),
      taker_outcome_side: side,
      taker_book_side: side === 'yes' ? 'bid' : 'ask',
      created_time: iso(trade.time * 1000),
      is_block_trade: false,
    };
  };
  return {
    write: (market, trade) => JSON.stringify(fields(market, trade)),
    writeContradiction: (market, trade) =>
      JSON.stringify(fields(market, { ...trade, ticks: trade.ticks > 1 ? trade.ticks - 1 : trade.ticks + 1 })),
    writeBad(market, trade) {
      const row = fields(market, trade);
      const bad = {
        'null-price': { yes_price_dollars: null },
        nan: { yes_price_dollars: 'NaN' },
        'price-range': { yes_price_dollars: '1.7000' },
      };
      const more = {
        'size-range': { count_fp: '-5.00' },
        future: { created_time: iso((trade.time + 400 * 86_400) * 1000) },
        'unknown-token': { ticker: 'KXOTHER-1' },
        'missing-field': { yes_price_dollars: undefined },
      };
      return JSON.stringify({ ...row, trade_id: `bad-${String(row.trade_id)}`, ...{ ...bad, ...more }[badRowOf(faults(), trade)] });
    },
  };
}
