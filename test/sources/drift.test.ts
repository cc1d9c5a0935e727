import { describe, expect, it } from 'vitest';
import { listInAnswer, refuseRenamedFields } from '../../src/sources/catalogue/schema-drift.ts';
import { readMarkets } from '../../src/sources/polymarket/catalogue/gamma.ts';
import { nextCursor, TRADE_ROUTES } from '../../src/sources/polymarket/trades.ts';
import { cursorOf } from '../../src/sources/predict/matches.ts';

const AT = { venue: 'polymarket', where: '/v2/trades' };
const row = (facts: Record<string, unknown> = {}): Record<string, unknown> => ({
  token_id: '1',
  side: 'BUY',
  price: 0.5,
  size: 1,
  timestamp: 1,
  transaction_hash: '0xt',
  proxy_wallet: '0xa',
  ...facts,
});
const check = (rows: readonly unknown[]): void => refuseRenamedFields(rows, TRADE_ROUTES['/v2/trades'].required, { ...AT, list: 'data' });

describe('a changed schema of a venue’s answers', () => {
  it('is a field that is missing in every row; the report has its path, the expected and the found value, and a sample', () => {
    const renamed = [1, 2].map(() => ({ token_id: '1', side: 'BUY', px: 0.5, size: 1 }));
    expect(() => check(renamed)).toThrow(
      'polymarket changed its answer on /v2/trades: expected a value at data[].price, got nothing; sample: {"token_id":"1","side":"BUY","px":0.5,"size":1}',
    );
  });

  it('is a missing field of the identity, since a renamed one would store every trade a second time', () => {
    const hashless = row({ transaction_hash: undefined });
    expect(() => check([hashless])).toThrow(/data\[\]\.transaction_hash/);
  });

  it('is a field that became an object in every row', () => {
    expect(() => check([row({ price: { value: 0.5 } })])).toThrow(/data\[\]\.price, got object/);
  });

  it('is not one row that lacks a field, a null everywhere, or an empty page', () => {
    expect(() => check([row(), row({ price: undefined })])).not.toThrow();
    expect(() => check([row({ price: null }), row({ price: null })])).not.toThrow();
    expect(() => check([])).not.toThrow();
  });

  it('is not hidden by a row in which a whole branch is null, which alone is only one bad row', () => {
    const nested = (rows: readonly unknown[]): void => refuseRenamedFields(rows, [['taker.quoteType']], { ...AT, list: 'data' });
    expect(() => nested([{ taker: null }, { taker: { quote: 'Bid' } }])).toThrow(
      /data\[\]\.taker\.quoteType, got nothing; sample: {"taker":{"quote"/,
    );
    expect(() => nested([{ taker: null }])).not.toThrow();
    expect(() => nested([{ taker: null }, { taker: { quoteType: 'Bid' } }])).not.toThrow();
  });

  it('is not a short last page of bad rows when the earlier pages had the field', () => {
    const seen = new Set<string>();
    const page = (rows: readonly unknown[]): void =>
      refuseRenamedFields(rows, TRADE_ROUTES['/v2/trades'].required, { ...AT, list: 'data' }, seen);
    const { price: _price, ...priceless } = row();
    page([row(), row()]);
    expect(() => page([priceless])).not.toThrow();
    expect(() => page(Array.from({ length: 10 }, () => priceless))).toThrow(/data\[\]\.price/);
    expect(() => check([priceless])).toThrow(/data\[\]\.price/);
  });

  it('is an answer without its list, which is never taken for an empty page', () => {
    expect(() => listInAnswer({ rows: [] }, 'data', AT)).toThrow(/expected a list at data, got nothing/);
    expect(() => listInAnswer([], 'data', AT)).toThrow(/expected an object at \$, got array/);
  });

  it('is an answer without paging, which would be taken for the last page', () => {
    expect(() => nextCursor({ data: [], paging: {} }, '/v2/trades')).toThrow(/expected an object at pagination/);
    expect(() => nextCursor({ data: [], pagination: { has_more: true, nextCursor: 'x' } }, '/v2/trades')).toThrow(
      /pagination\.next_cursor/,
    );
    expect(nextCursor({ pagination: { has_more: false, next_cursor: null } }, '/v2/trades')).toBeNull();
    expect(nextCursor({ pagination: { has_more: true, next_cursor: 'x' } }, '/v2/trades')).toBe('x');
  });

  it('is a page that announces more but has no cursor', () => {
    expect(() => nextCursor({ pagination: { has_more: true, next_cursor: null } }, '/v2/trades')).toThrow(/pagination\.next_cursor/);
    expect(nextCursor({ data: [], next_cursor: 'x' }, '/v2/trades')).toBe('x');
    expect(nextCursor({ pagination: { has_more: false } }, '/v2/trades')).toBeNull();
  });

  it('is a renamed cursor of Predict.fun, but not a missing cursor on a last page, even a full one', () => {
    expect(cursorOf({ success: true, data: [] })).toBeNull();
    expect(cursorOf({ success: true, cursor: null, data: [] })).toBeNull();
    expect(cursorOf({ success: true, cursor: 'x', data: [] })).toBe('x');
    expect(() => cursorOf({ success: true, nextCursor: 'x', data: [] })).toThrow(/a cursor, null or nothing at cursor, got nothing/);
    expect(() => cursorOf({ success: true, cursor: 7, data: [] })).toThrow(/at cursor, got number/);
  });

  it('is a list of markets without any readable one; a single unreadable market is only left out', () => {
    const market = { conditionId: '0x1', slug: 'rain', closed: false, outcomes: '["Yes","No"]', clobTokenIds: '["1","2"]' };
    const { conditionId: _id, ...broken } = market;
    expect(() => readMarkets([broken], '/markets')).toThrow(/changed its answer on \/markets: .*conditionId/);
    const { clobTokenIds: _tokens, ...tokenless } = market;
    expect(() => readMarkets([{ ...tokenless, enableOrderBook: true }], '/markets')).toThrow(/at \[\]\.clobTokenIds, got nothing/);
    expect(readMarkets([tokenless], '/markets').leftOut).toHaveLength(1);
    const found = readMarkets([market, broken], '/markets');
    expect(found.instruments).toHaveLength(1);
    expect(found.problems).toHaveLength(1);
  });
});
