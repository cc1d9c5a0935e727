import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Instrument } from '../../src/contracts/market-data.ts';
import { feeModel } from '../../src/market/fees.ts';
import { bestOf } from '../../src/sources/book.ts';
import { identifyPage } from '../../src/sources/candidate.ts';
import { VenueError } from '../../src/sources/http/venue-error.ts';
import { kalshi } from '../../src/sources/kalshi/kalshi.ts';
import { instrumentOf, NO_FACTS, readMarket } from '../../src/sources/kalshi/markets.ts';
import { readBook, readTrade } from '../../src/sources/kalshi/trades.ts';
import { gammaStub } from './gamma-stub.ts';

const NOW = Date.UTC(2026, 10, 20, 12);
const DAY = 86_400_000;
const never = new AbortController().signal;
const iso = (time: number): string => new Date(time).toISOString();

const market = (ticker: string, facts: Record<string, unknown> = {}) => ({
  ticker,
  event_ticker: 'KXRAIN-26NOV21',
  title: 'Will it rain?',
  yes_sub_title: ticker.split('-').at(-1),
  status: 'active',
  result: '',
  open_time: iso(NOW - 120 * DAY),
  close_time: iso(NOW + DAY),
  latest_expiration_time: iso(NOW + 7 * DAY),
  price_ranges: [
    { start: '0.0000', end: '0.1000', step: '0.0010' },
    { start: '0.1000', end: '0.9000', step: '0.0100' },
    { start: '0.9000', end: '1.0000', step: '0' },
  ],
  ...facts,
});
const trade = (id: number, time: number, facts: Record<string, unknown> = {}) => ({
  trade_id: `t${id}`,
  ticker: 'KXRAIN-26NOV21-NY',
  count_fp: '2.50',
  yes_price_dollars: '0.3700',
  no_price_dollars: '0.6300',
  taker_outcome_side: 'yes',
  taker_book_side: 'bid',
  created_time: iso(time),
  is_block_trade: false,
  ...facts,
});

/** A host with one event of three markets, and a hundred trades of which the older ones are below a cutoff that moves by `moves` a page. */
function host({ moves = 0 } = {}) {
  const trades = Array.from({ length: 100 }, (_, i) => trade(i, NOW - i * DAY));
  let cutoff = 50;
  const event = {
    event_ticker: 'KXRAIN-26NOV21',
    series_ticker: 'KXRAIN',
    title: 'Rain on Saturday',
    mutually_exclusive: true,
    markets: ['NY', 'LA', 'SF'].map((city) => market(`KXRAIN-26NOV21-${city}`)),
  };
  return gammaStub((route, query) => {
    if (route === '/historical/cutoff') return { trades_created_ts: iso(NOW - cutoff * DAY), market_settled_ts: iso(NOW - 90 * DAY) };
    if (route === '/series/KXRAIN') return { series: { fee_type: 'quadratic', fee_multiplier: 0.5 } };
    if (route === '/events') return { events: [event], cursor: '' };
    if (route === `/events/${event.event_ticker}`) return { event };
    if (route === '/markets/KXRAIN-26NOV21-NY') return { market: event.markets[0] };
    const isOlder = route === '/historical/trades';
    if (!isOlder && route !== '/markets/trades') throw new VenueError('BadInput', 'not found', { status: 404 });
    const shown = isOlder ? trades.slice(cutoff) : trades.slice(0, cutoff);
    const from = Number(query.get('cursor') ?? 0);
    const page = isOlder ? shown.filter(({ trade_id }) => Number(trade_id.slice(1)) >= from) : shown.slice(from);
    const rows = page.slice(0, 20);
    const last = Number(rows.at(-1)?.trade_id.slice(1));
    cutoff -= moves;
    return { trades: rows, cursor: page.length > 20 ? String(last + 1) : '' };
  });
}

describe('the hourly volumes of a Kalshi market', () => {
  const range = { from: NOW - 3 * 3_600_000, to: NOW };
  const candles = (field: string) => [1, 2, 3].map((hour) => ({ end_period_ts: range.from / 1000 + hour * 3600, [field]: `${hour}.50` }));
  const stated = [1, 2, 3].map((hour) => ({
    from: range.from + (hour - 1) * 3_600_000,
    to: range.from + hour * 3_600_000,
    volume: hour + 0.5,
  }));

  it.each([
    ['the candlesticks', { live: { markets: [{ market_ticker: 'KXRAIN-26NOV21-NY', candlesticks: candles('volume_fp') }] } }],
    [
      'the historical candlesticks of a market that settled before the cutoff',
      { live: { markets: [] }, old: { candlesticks: candles('volume') } },
    ],
    ['the historical candlesticks where the market is refused', { old: { candlesticks: candles('volume') } }],
  ])('come from %s', async (_, { live, old }: { live?: object; old?: object }) => {
    const { client } = gammaStub((route, query) => {
      const answer =
        route === '/markets/candlesticks' ? live : route === '/historical/markets/KXRAIN-26NOV21-NY/candlesticks' ? old : undefined;
      expect([query.get('start_ts'), query.get('end_ts'), query.get('period_interval')]).toEqual([
        String(range.from / 1000),
        String(range.to / 1000),
        '60',
      ]);
      if (answer === undefined) throw new VenueError('BadInput', 'not found', { status: 404 });
      return answer;
    });
    const instrument = instrumentOf(readMarket(market('KXRAIN-26NOV21-NY'), '/markets'), NO_FACTS, NOW);
    expect(await kalshi.hourlyVolumes?.({ http: { api: client }, options: {} }, instrument, range)).toEqual(stated);
  });
});

const request = (selectors: Parameters<typeof kalshi.discover>[1]['selectors']) => ({
  symbol: 'RAIN',
  selectors,
  window: { from: NOW - 7 * DAY, to: NOW },
  asOf: NOW,
  known: [],
  signal: never,
});
const contextOf = ({ client }: ReturnType<typeof host>) => ({ http: { api: client }, options: {} });

describe('markets at Kalshi', () => {
  it.each([[{ eventTicker: 'KXRAIN-26NOV21' }], [{ seriesTicker: 'KXRAIN' }]])(
    'that %j selects exclude each other, with fees, ticks and ends',
    async (selector) => {
      const { instruments, problems } = await kalshi.discover(contextOf(host()), request([selector]));
      expect(problems).toEqual([]);
      expect(instruments).toHaveLength(3);
      expect(instruments[0]).toMatchObject({
        id: 'kalshi:KXRAIN-26NOV21-NY',
        title: 'Will it rain?: NY',
        closed: false,
        endsAt: NOW + 7 * DAY,
        closesAt: NOW + DAY,
        tickSize: 0.001,
        fees: { model: 'polymarket', rate: 0.035, roundUpTo: 0.01 },
        group: { id: 'kalshi:KXRAIN-26NOV21', markets: 3 },
        event: 'kalshi:KXRAIN-26NOV21',
      });
    },
  );

  it('are found by their own ticker, and an unknown ticker is reported', async () => {
    const { instruments, problems } = await kalshi.discover(
      contextOf(host()),
      request([{ ticker: 'KXRAIN-26NOV21-NY' }, { ticker: 'KXNONE' }, { eventTicker: 'KXNONE' }]),
    );
    expect(instruments.map(({ id }) => id)).toEqual(['kalshi:KXRAIN-26NOV21-NY']);
    expect(problems).toEqual([expect.stringContaining('{"ticker":"KXNONE"}'), expect.stringContaining('{"eventTicker":"KXNONE"}')]);
  });

  it.each<[string, Record<string, unknown>, object]>([
    ['yes, final', { status: 'finalized', result: 'yes', settlement_value_dollars: '1.0000' }, { kind: 'settled', payout: 1 }],
    ['no, final', { status: 'finalized', result: 'no', settlement_value_dollars: '0.0000' }, { kind: 'settled', payout: 0 }],
    ['scalar, final', { status: 'finalized', result: 'scalar', settlement_value_dollars: '0.3700' }, { kind: 'settled', payout: 0.37 }],
    ['yes without a second sign', { status: 'closed', result: 'yes' }, { kind: 'unresolved' }],
    ['yes, determined', { status: 'determined', result: 'yes', settlement_value_dollars: '1.0000' }, { kind: 'unresolved' }],
    ['yes, disputed', { status: 'disputed', result: 'yes', settlement_value_dollars: '1.0000' }, { kind: 'unresolved' }],
    ['a value against the result', { status: 'finalized', result: 'yes', settlement_value_dollars: '0.0000' }, { kind: 'unresolved' }],
    ['nothing', { status: 'closed' }, { kind: 'unresolved' }],
    ['open', {}, { kind: 'open' }],
  ])('end with %s', (_, facts, resolution) => {
    const read = readMarket(market('KXRAIN-26NOV21-NY', { ...facts, settlement_ts: iso(NOW) }), 'test');
    expect(instrumentOf(read, { title: null, exclusive: null, fees: null, earlier: [] }, NOW).resolution).toMatchObject(resolution);
  });

  it('end at their closing time once that is reached, while a later one is only planned', () => {
    const ending = (ahead: number) =>
      instrumentOf(readMarket(market('KXRAIN-26NOV21-NY', { status: 'closed', close_time: iso(NOW + ahead) }), 'test'), NO_FACTS, NOW);
    expect(ending(0).closedAt).toBe(NOW);
    expect(ending(1)).not.toHaveProperty('closedAt');
  });

  it('have no fee while a waiver lasts, and a fee rounded up to the cent afterwards', () => {
    const fees = { model: 'polymarket', rate: 0.07, exponent: 1, roundUpTo: 0.01 } as const;
    const read = readMarket(market('KXRAIN-26NOV21-NY', { fee_waiver_expiration_time: iso(NOW + 1) }), 'test');
    const event = { title: null, exclusive: null, fees, earlier: [] };
    expect(instrumentOf(read, event, NOW).fees?.rate).toBe(0);
    const after = instrumentOf(read, event, NOW + 2).fees ?? fees;
    // 0.07 · 100 · 0.5 · 0.5 = 1.75; 0.07 · 1 · 0.5 · 0.5 = 0.0175
    expect(feeModel(after).fee(100, 0.5)).toBeCloseTo(1.75, 9);
    expect(feeModel(after).fee(1, 0.5)).toBeCloseTo(0.02, 9);
  });

  it('keep the fees before each announced change, and the time of a waiver', async () => {
    const changed = (days: number, fee_multiplier: unknown, series_ticker = 'KXRAIN') => ({
      series_ticker,
      fee_type: 'quadratic',
      fee_multiplier,
      scheduled_ts: iso(NOW + days * DAY),
    });
    const changes = [changed(-2, 0.5), changed(-20, 1), changed(-9, 2), changed(-300, 3), changed(5_000, 0), changed(-4, 9, 'KXSNOW')];
    const waived = market('KXRAIN-26NOV21-NY', { fee_waiver_expiration_time: iso(NOW - 10 * DAY) });
    const { client } = gammaStub((route, query) => {
      if (route === '/series/KXRAIN') return { series: { fee_type: 'quadratic', fee_multiplier: 0.5 } };
      if (route === '/series/fee_changes' && query.get('show_historical') === 'true') return { series_fee_change_arr: changes };
      const event = { event_ticker: 'KXRAIN-26NOV21', series_ticker: 'KXRAIN', title: 'Rain', markets: [waived] };
      if (route === '/events/KXRAIN-26NOV21') return { event };
      if (route === '/historical/cutoff') return { trades_created_ts: iso(NOW - 50 * DAY), market_settled_ts: iso(NOW - 90 * DAY) };
      throw new VenueError('BadInput', 'not found', { status: 404 });
    });
    const { instruments } = await kalshi.discover({ http: { api: client }, options: {} }, request([{ eventTicker: 'KXRAIN-26NOV21' }]));
    expect(instruments[0].fees?.rate).toBeCloseTo(0.035, 9);
    expect(instruments[0].earlierTerms?.map(({ until, fees }) => [(until - NOW) / DAY, fees?.rate])).toEqual([
      [-10, 0],
      [-9, 0.07],
      [-2, 0.14],
    ]);
  });

  it.skipIf(!existsSync(path.resolve('../shared/data/venues-2026')))('are read from the recorded listing', () => {
    const rows = JSON.parse(readFileSync('../shared/data/venues-2026/dm__kalshi_markets.json', 'utf8')) as unknown[];
    const read = rows.map((row) =>
      instrumentOf(readMarket(row, 'recorded'), { title: null, exclusive: null, fees: null, earlier: [] }, NOW),
    );
    expect(read.length).toBeGreaterThan(3);
    expect(read.every(({ tickSize, opensAt, endsAt }) => tickSize !== null && opensAt !== null && endsAt !== undefined)).toBe(true);
  });
});

describe('trades of Kalshi', () => {
  const instrument = { id: 'kalshi:KXRAIN-26NOV21-NY', outcomes: ['Yes', 'No'], opensAt: NOW - 120 * DAY } as unknown as Instrument;

  it.each([0, 1, 7])('are read on both sides of the cutoff, each once, while the cutoff moves by %i a page', async (moves) => {
    const reader = kalshi.trades(contextOf(host({ moves })), instrument);
    const met: string[] = [];
    for (let cursor: string | null = null; ; ) {
      const { rows, next } = await reader.read(cursor);
      met.push(...identifyPage(rows).map(({ identity }) => identity));
      if (next === null) break;
      cursor = next;
    }
    expect(new Set(met).size).toBe(100);
  });

  it('by a taker of No are sales of Yes at the price of Yes', () => {
    const row = readTrade(trade(1, NOW, { taker_outcome_side: 'no' }), instrument);
    expect(row).toMatchObject({ price: 0.37, size: 2.5, side: 'sell', outcome: 'No', tradeId: 't1', time: NOW, defect: null });
  });

  it.each([
    [{ yes_price_dollars: null }, 'malformed'],
    [{ count_fp: 'NaN' }, 'not-finite'],
    [{ taker_outcome_side: 'maybe' }, 'malformed'],
    [{ ticker: 'OTHER' }, 'unknown-outcome'],
  ])('are bad rows with %j', (facts, defect) => {
    expect(readTrade(trade(1, NOW, facts), instrument).defect).toBe(defect);
  });

  it('have an order book in which a bid for No is an ask for Yes', () => {
    const levels = {
      yes_dollars: [
        ['0.4100', '10.00'],
        ['0.4200', '3.50'],
      ],
      no_dollars: [
        ['0.5500', '8.00'],
        ['0.5600', '2.00'],
      ],
    };
    expect(bestOf(readBook({ orderbook_fp: levels }), NOW)).toMatchObject({ bid: 0.42, ask: 0.44, at: NOW });
  });
});
