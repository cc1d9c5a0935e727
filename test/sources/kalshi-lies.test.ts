import { describe, expect, it } from 'vitest';
import type { Instrument } from '../../src/contracts/market-data.ts';
import { assessTick } from '../../src/market/assess-tick.ts';
import { bestOf } from '../../src/sources/book.ts';
import { identifyPage } from '../../src/sources/candidate.ts';
import { kalshi } from '../../src/sources/kalshi/kalshi.ts';
import { instrumentOf, readMarket } from '../../src/sources/kalshi/markets.ts';
import { readBook, readTrade } from '../../src/sources/kalshi/trades.ts';
import { gammaStub, noRoute } from './gamma-stub.ts';

const NOW = Date.UTC(2026, 10, 20, 12);
const DAY = 86_400_000;
const iso = (time: number): string => new Date(time).toISOString();

type Facts = Record<string, unknown>;
const market = (ticker: string, facts: Facts = {}): Facts => ({
  ticker,
  event_ticker: ticker.split('-').slice(0, 2).join('-'),
  title: 'Will it rain?',
  status: 'active',
  result: '',
  open_time: iso(NOW - 120 * DAY),
  close_time: iso(NOW + DAY),
  ...facts,
});
const event = (ticker: string, markets: unknown, facts: Facts = {}): Facts => ({
  event_ticker: ticker,
  series_ticker: 'RAIN',
  title: 'Rain',
  markets,
  ...facts,
});
const CUTOFF = { trades_created_ts: iso(NOW - 90 * DAY), market_settled_ts: iso(NOW - 90 * DAY) };
const FEES = { series: { fee_type: 'quadratic', fee_multiplier: 1 } };

type Request = Parameters<typeof kalshi.discover>[1];
type Answer = (query: URLSearchParams) => unknown;
/** What a host that answers some routes, and the others with 404, makes of selectors. */
async function discover(routes: Record<string, Answer>, selector: Request['selectors'][number], from = NOW - 7 * DAY) {
  const stub = gammaStub((path, query) => {
    const route = routes[path] ?? (path === '/historical/cutoff' ? () => CUTOFF : path === '/series/RAIN' ? () => FEES : undefined);
    if (route === undefined) throw noRoute();
    return route(query);
  });
  const request = {
    symbol: 'R',
    selectors: [selector],
    window: { from, to: NOW },
    asOf: NOW,
    known: [],
    signal: new AbortController().signal,
  };
  const found = await kalshi.discover({ http: { api: stub.client }, options: {} }, request);
  return { ids: found.instruments.map(({ id }) => id.slice('kalshi:'.length)).sort(), problems: found.problems, asked: stub.asked };
}

describe('a listing of Kalshi with wrong data', () => {
  const two = [market('RAIN-1-A'), market('RAIN-1-B')];

  it('loses only a market that cannot be read, and reports it', async () => {
    const broken = market('RAIN-1-C', { status: 5 });
    const found = await discover({ '/events/RAIN-1': () => ({ event: event('RAIN-1', [...two, broken]) }) }, { eventTicker: 'RAIN-1' });
    expect(found.ids).toEqual(['RAIN-1-A', 'RAIN-1-B']);
    expect(found.problems).toEqual([expect.stringContaining('RAIN-1-C')]);
  });

  it('is refused when no market can be read', async () => {
    const routes = { '/events/RAIN-1': () => ({ event: event('RAIN-1', [{ ticker: 'RAIN-1-A' }]) }) };
    await expect(discover(routes, { eventTicker: 'RAIN-1' })).rejects.toMatchObject({ type: 'SourceSchemaChanged' });
  });

  it.each([
    ['its markets are not a list', { event: event('RAIN-1', 'none') }],
    ['it is of another event', { event: event('SNOW-1', [market('SNOW-1-A')]) }],
    ['it has no ticker', { event: event('', two) }],
  ])('is refused with its name when %s', async (_, json) => {
    await expect(discover({ '/events/RAIN-1': () => json }, { eventTicker: 'RAIN-1' })).rejects.toMatchObject({
      type: 'SourceSchemaChanged',
    });
  });

  it('does not pass off another market as the requested one', async () => {
    const found = await discover({ '/markets/RAIN-1-A': () => ({ market: market('SNOW-1-A') }) }, { ticker: 'RAIN-1-A' });
    expect(found).toMatchObject({ ids: [], problems: [expect.stringMatching(/SNOW-1-A.*RAIN-1-A/)] });
  });

  it('does not add markets of another series to the requested one', async () => {
    const foreign = event('SNOW-1', [market('SNOW-1-A')], { series_ticker: 'SNOW' });
    const found = await discover({ '/events': () => ({ events: [event('RAIN-1', two), foreign], cursor: '' }) }, { seriesTicker: 'RAIN' });
    expect(found).toMatchObject({ ids: ['RAIN-1-A', 'RAIN-1-B'], problems: [expect.stringContaining('SNOW-1-A')] });
  });

  it.each([
    ['in a circle', () => 'same'],
    ['without end', (asked: number) => `page ${asked}`],
  ])('is refused when its pages continue %s', async (_, cursor) => {
    let asked = 0;
    const routes = { '/events': () => ({ events: [event('RAIN-1', two)], cursor: cursor(asked++) }) };
    await expect(discover(routes, { seriesTicker: 'RAIN' })).rejects.toThrow(/pages that come to an end/);
  });

  it('is read to its last historical page, with each market once', async () => {
    const settled = { status: 'finalized', result: 'yes', settlement_value_dollars: '1.0000', close_time: iso(NOW - 95 * DAY) };
    const older = Array.from({ length: 5 }, (_, i) => market(`RAIN-0-${i}`, settled));
    const historical: Answer = (query) => {
      const at = Number(query.get('cursor') ?? 0);
      return { markets: [...older.slice(at, at + 2), market('RAIN-1-A')], cursor: at + 2 < older.length ? String(at + 2) : '' };
    };
    const routes = {
      '/events': () => ({ events: [event('RAIN-1', two)], cursor: '' }),
      '/events/RAIN-0': () => ({ event: event('RAIN-0', []) }),
      '/historical/markets': historical,
    };
    const found = await discover(routes, { seriesTicker: 'RAIN' }, NOW - 100 * DAY);
    expect(found.ids).toEqual(['RAIN-0-0', 'RAIN-0-1', 'RAIN-0-2', 'RAIN-0-3', 'RAIN-0-4', 'RAIN-1-A', 'RAIN-1-B']);
    expect(found.problems).toEqual([]);
    expect(found.asked.filter((each) => each.startsWith('/events/RAIN-0')).length).toBe(1);
  });

  it('keeps the markets of an event that settled before the cutoff, although the event still lists others', async () => {
    const routes = {
      '/events/RAIN-1': () => ({ event: event('RAIN-1', [market('RAIN-1-A')]) }),
      '/historical/markets': () => ({ markets: [market('RAIN-1-B')], cursor: '' }),
    };
    const found = await discover(routes, { eventTicker: 'RAIN-1' }, NOW - 100 * DAY);
    expect(found.ids).toEqual(['RAIN-1-A', 'RAIN-1-B']);
  });
});

describe('a market of Kalshi with wrong data', () => {
  const NO_FACTS = { ticker: 'E', title: null, exclusive: null, fees: null, earlier: [] };
  const read = (facts: Facts) => instrumentOf(readMarket(market('RAIN-1-A', facts), 'test'), NO_FACTS, NOW);
  const ended = { status: 'finalized', close_time: iso(NOW - DAY) };

  it.each<[string, Facts, RegExp]>([
    ['a value in cents', { result: 'scalar', settlement_value_dollars: '37' }, /37/],
    ['a negative value', { result: 'scalar', settlement_value_dollars: '-1.0000' }, /-1/],
    ['a void without a value', { result: 'void' }, /void/],
    ['a value of a wrong type', { result: 'scalar', settlement_value_dollars: {} }, /scalar/],
    ['an unknown result', { result: 'maybe', settlement_value_dollars: '1.0000' }, /maybe/],
    ['a yes beside a value in cents', { result: 'yes', settlement_value_dollars: '100' }, /100/],
  ])('is not settled by %s, and states why', (_, facts, why) => {
    const { resolution } = read({ ...ended, ...facts });
    expect(resolution).toMatchObject({ kind: 'unresolved', reason: expect.stringMatching(why) as string });
  });

  it.each<[string, Facts, number]>([
    ['a scalar value', { result: 'scalar', settlement_value_dollars: '0.3700' }, 0.37],
    ['a void that pays back half', { result: 'void', settlement_value_dollars: '0.5000' }, 0.5],
  ])('is settled by %s with a final status', (_, facts, payout) => {
    expect(read({ ...ended, ...facts }).resolution).toMatchObject({ kind: 'settled', payout });
  });

  it('has a result without support when its last price is not a probability', () => {
    const { settlement } = read({ ...ended, status: 'closed', result: 'yes', last_price_dollars: '99' });
    expect(settlement).toMatchObject({ state: 'proposed' });
  });

  it('does not close in the future', () => {
    expect(read({ status: 'finalized', result: 'yes', close_time: iso(NOW + 30 * DAY) }).closedAt).toBeUndefined();
  });
});

describe('the fees of Kalshi with wrong data', () => {
  it.each<[string, Facts, object | null]>([
    ['a negative multiplier', { fee_type: 'quadratic', fee_multiplier: -1 }, { rate: 0.07 }],
    ['a multiplier that is not a number', { fee_type: 'quadratic', fee_multiplier: 'half' }, { rate: 0.07 }],
    ['no multiplier', { fee_type: 'quadratic' }, { rate: 0.07 }],
    ['an unknown type', { fee_type: 'cubic', fee_multiplier: 1 }, { rate: 0.07 }],
    ['no type', {}, null],
  ])('are read or replaced by a default: %s', async (_, facts, fees) => {
    const stub = gammaStub((path) => {
      if (path === '/series/RAIN') return { series: facts };
      if (path === '/historical/cutoff') return CUTOFF;
      if (path === '/events/RAIN-1') return { event: event('RAIN-1', [market('RAIN-1-A')]) };
      throw noRoute();
    });
    const { instruments } = await kalshi.discover(
      { http: { api: stub.client }, options: {} },
      {
        symbol: 'R',
        selectors: [{ eventTicker: 'RAIN-1' }],
        window: { from: NOW - DAY, to: NOW },
        asOf: NOW,
        known: [],
        signal: new AbortController().signal,
      },
    );
    if (fees === null) expect(instruments[0].fees).toBeNull();
    else expect(instruments[0].fees).toMatchObject(fees);
  });
});

describe('the trades of Kalshi with wrong data', () => {
  const instrument = { id: 'kalshi:RAIN-1-A', outcomes: ['Yes', 'No'], opensAt: NOW - 120 * DAY } as unknown as Instrument;
  const trade = (id: number, time: number, facts: Facts = {}): Facts => ({
    trade_id: `t${id}`,
    ticker: 'RAIN-1-A',
    count_fp: '2.50',
    yes_price_dollars: '0.3700',
    taker_outcome_side: 'yes',
    created_time: iso(time),
    is_block_trade: false,
    ...facts,
  });
  const verdict = (facts: Facts): string => {
    const [row] = identifyPage([readTrade(trade(1, NOW - DAY, facts), instrument)]);
    const assessed = assessTick(row, { market: 'probability', opensAt: instrument.opensAt, tickSize: 0.01, asOf: NOW });
    return assessed.verdict === 'ok' ? 'ok' : assessed.reason;
  };

  it.each<[Facts, string]>([
    [{ yes_price_dollars: '37' }, 'price-range'],
    [{ yes_price_dollars: '-0.0100' }, 'price-range'],
    [{ yes_price_dollars: ['0.37'] }, 'malformed'],
    [{ yes_price_dollars: true }, 'malformed'],
    [{ count_fp: '0.00' }, 'size-range'],
    [{ count_fp: '-1.00' }, 'size-range'],
    [{ count_fp: undefined }, 'malformed'],
    [{ created_time: iso(NOW + 30 * DAY) }, 'time-range'],
    [{ created_time: 'yesterday' }, 'malformed'],
    [{ created_time: {} }, 'malformed'],
    [{ created_time: (NOW - DAY) / 1000 }, 'ok'],
    [{ created_time: NOW - DAY }, 'ok'],
    [{ trade_id: null }, 'malformed'],
    [{ trade_id: '' }, 'malformed'],
    [{ ticker: null }, 'unknown-outcome'],
    [{ taker_outcome_side: 1 }, 'malformed'],
    [{ is_block_trade: true }, 'ok'],
    [{ is_block_trade: 'perhaps' }, 'ok'],
  ])('with the fields %j are judged as %s', (facts, reason) => {
    expect(verdict(facts)).toBe(reason);
  });

  it.each([
    [true, ['block-trade']],
    [false, []],
    ['perhaps', []],
  ])('with %j as is_block_trade have the flags %j', (stated, flags) => {
    const [row] = identifyPage([readTrade(trade(1, NOW - DAY, { is_block_trade: stated }), instrument)]);
    const facts = { market: 'probability', opensAt: instrument.opensAt, tickSize: 0.01, asOf: NOW } as const;
    expect(assessTick(row, facts)).toEqual({ verdict: 'ok', flags });
  });

  /** All ids that a walk over a host's trades meets. @param cutoffs the days before now at which the cutoff lies, request by request */
  async function walk(cutoffs: (request: number) => unknown, { overlap = 0, remembered = 0 } = {}): Promise<Set<string>> {
    const all = Array.from({ length: 60 }, (_, i) => trade(i, NOW - (i + 0.5) * DAY));
    let requests = 0;
    const { client } = gammaStub((path, query) => {
      const at = cutoffs(requests++);
      if (path === '/historical/cutoff') return typeof at === 'number' ? { ...CUTOFF, trades_created_ts: iso(NOW - at * DAY) } : at;
      const isOlder = path === '/historical/trades';
      const edge = typeof at === 'number' ? at : 30;
      const shown = isOlder ? all.slice(Math.max(0, edge - overlap)) : all.slice(0, edge);
      const from = Number(query.get('cursor') ?? 0);
      const rows = shown.filter(({ trade_id }) => Number(String(trade_id).slice(1)) >= from).slice(0, 10);
      const last = Number(String(rows.at(-1)?.trade_id).slice(1));
      return { trades: rows, cursor: rows.length === 10 ? String(last + 1) : '' };
    });
    const cutoff = NOW - remembered * DAY;
    if (remembered > 0) client.memory.set('cutoff', { at: client.clock, value: { trades: cutoff, markets: cutoff } });
    const reader = kalshi.trades({ http: { api: client }, options: {} }, instrument);
    const met = new Set<string>();
    for (let cursor: string | null = null; ; ) {
      const { rows, next } = await reader.read(cursor);
      for (const { identity } of identifyPage(rows)) met.add(identity);
      if (next === null) return met;
      cursor = next;
    }
  }

  it.each([0, 5, 25])('are read once each when both routes have %i of them', async (overlap) => {
    expect((await walk(() => 30, { overlap })).size).toBe(60);
  });

  it.each([
    ['is not stated', {}],
    ['is not a time', { trades_created_ts: 'soon', market_settled_ts: iso(NOW) }],
  ])('are refused when the cutoff %s', async (_, json) => {
    await expect(walk(() => json)).rejects.toMatchObject({ type: 'SourceSchemaChanged' });
  });

  it('are read again when the cutoff moves back past the reading position', async () => {
    // live pages end 20 days ago; then the venue calls 40 days live
    await expect(walk((request) => (request <= 3 ? 20 : 40))).rejects.toMatchObject({
      type: 'SourceUnavailable',
      message: expect.stringMatching(/cutoff/) as string,
    });
  });

  it('are read again when the cutoff moves forward and back within the hour for which it is remembered', async () => {
    await expect(walk((request) => (request <= 3 ? 20 : 40), { remembered: 40 })).rejects.toMatchObject({ type: 'SourceUnavailable' });
  });

  it('are not lost when the cutoff moves within the hour for which it is remembered', async () => {
    const { client } = gammaStub((path) => {
      if (path === '/historical/cutoff') return { ...CUTOFF, trades_created_ts: iso(NOW - 121 * DAY) };
      return { trades: path === '/historical/trades' ? [trade(2, NOW - 119 * DAY)] : [trade(1, NOW - DAY)], cursor: '' };
    });
    const { next } = await kalshi.trades({ http: { api: client }, options: {} }, instrument).read(null);
    expect(next).not.toBeNull();
  });

  it.each([
    ['null', null],
    ['absent', undefined],
  ])('have an order book although one of its sides is %s', (_, side) => {
    const book = { yes_dollars: [['0.4100', '10.00']], no_dollars: side };
    expect(bestOf(readBook({ orderbook_fp: book }), NOW)).toMatchObject({ bid: 0.41, ask: null });
  });

  it('have no order book when its prices are not probabilities', () => {
    const book = {
      yes_dollars: [
        ['41', '10.00'],
        ['0.4100', '1.00'],
      ],
      no_dollars: [['55', '1.00']],
    };
    expect(bestOf(readBook({ orderbook_fp: book }), NOW)).toMatchObject({ bid: 0.41, ask: null });
  });
});
