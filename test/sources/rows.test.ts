import { describe, expect, it } from 'vitest';
import type { Instrument } from '../../src/contracts/market-data.ts';
import { identifyPage } from '../../src/sources/candidate.ts';
import { parseIsoTime, readNumber, readScaled, readTime } from '../../src/sources/catalogue/scalars.ts';
import { readTrade } from '../../src/sources/polymarket/trades.ts';
import { readMatch } from '../../src/sources/predict/matches.ts';

const market = (facts: Partial<Instrument> = {}): Instrument =>
  ({ id: 'polymarket:0x1', outcomes: ['Yes', 'No'], outcomeIds: ['111', '222'], ...facts }) as Instrument;

/** A made-up trade in the format of Polymarket's Data API v2. */
const trade = (facts: Record<string, unknown> = {}): Record<string, unknown> => ({
  proxy_wallet: '0xa',
  side: 'BUY',
  token_id: '111',
  condition_id: '0x1',
  size: 12.5,
  price: 0.37,
  timestamp: 1_776_043_119,
  outcome: 'Yes',
  outcome_index: 0,
  transaction_hash: '0xt',
  ...facts,
});

describe('a trade of Polymarket as a row', () => {
  it('is taken unchanged when it is of the first outcome', () => {
    expect(readTrade(trade(), market())).toMatchObject({
      time: 1_776_043_119_000,
      price: 0.37,
      size: 12.5,
      side: 'buy',
      outcome: 'Yes',
      tradeId: null,
      defect: null,
    });
  });

  it('is mirrored exactly when it is of the second outcome, and keeps the traded name', () => {
    expect(readTrade(trade({ token_id: '222', outcome: 'No' }), market())).toMatchObject({
      price: 0.63,
      side: 'sell',
      outcome: 'No',
      defect: null,
    });
  });

  it('keeps the venue’s own text, with its order of keys', () => {
    const row = trade({ price: 'NaN' });
    expect(readTrade(row, market()).raw).toBe(JSON.stringify(row));
  });

  it('may have numbers written as strings', () => {
    expect(readTrade(trade({ price: '0.370', size: '12.5', timestamp: '1776043119' }), market())).toMatchObject({
      price: 0.37,
      size: 12.5,
      defect: null,
    });
  });

  it('has the same identity in the older version of the answer', () => {
    const old = {
      proxyWallet: '0xa',
      side: 'BUY',
      asset: '111',
      conditionId: '0x1',
      size: 12.5,
      price: 0.37,
      timestamp: 1_776_043_119,
      transactionHash: '0xt',
    };
    const [first, second] = [trade(), old].map((row) => identifyPage([readTrade(row, market())])[0].identity);
    expect(second).toBe(first);
  });

  it('has the outcome of its index when the outcome has no name', () => {
    expect(readTrade(trade({ outcome: '' }), market({ outcomes: [] })).outcome).toBe('0');
    expect(readTrade(trade({ outcome: undefined, token_id: '222' }), market()).outcome).toBe('No');
  });

  it.each([
    ['a null price', { price: null }, 'malformed'],
    ['a price that is not a number', { price: 'cheap' }, 'malformed'],
    ['a price of NaN', { price: 'NaN' }, 'not-finite'],
    ['an infinite size', { size: '-Infinity' }, 'not-finite'],
    ['a missing time', { timestamp: undefined }, 'malformed'],
    ['a token of another market', { token_id: '333' }, 'unknown-outcome'],
    ['no token', { token_id: null }, 'unknown-outcome'],
    ['an unknown side', { side: 'HOLD' }, 'malformed'],
  ])('with %s states why it cannot become a tick', (_, facts, defect) => {
    expect(readTrade(trade(facts), market()).defect).toBe(defect);
  });

  it('is malformed when it is not an object', () => {
    expect(readTrade(null, market())).toMatchObject({ defect: 'malformed', raw: 'null' });
    expect(readTrade('torn', market())).toMatchObject({ defect: 'malformed' });
  });
});

describe('a match of Predict.fun as a row', () => {
  const predict = market({ id: 'predict:7', outcomes: ['Up', 'Down'], outcomeIds: ['4461', '4462'] });
  /** A made-up match in the format of `/v1/orders/matches`. */
  const match = (
    facts: Record<string, unknown> = {},
    outcome: Record<string, unknown> = { indexSet: 1, name: 'Up', onChainId: '4461' },
  ) => ({
    settlementId: '01a0-1',
    executedAt: '2026-09-06T11:45:23.000Z',
    priceExecuted: '111200000000000000',
    amountFilled: '8409090909090909720',
    taker: { price: '112000000000000000', quoteType: 'Bid', outcome },
    ...facts,
  });

  it('has the exact execution price, not the taker’s limit', () => {
    expect(readMatch(match(), predict)).toMatchObject({
      time: Date.UTC(2026, 8, 6, 11, 45, 23),
      price: 0.1112,
      size: 8.40909090909091,
      side: 'buy',
      outcome: 'Up',
      tradeId: '01a0-1',
      defect: null,
    });
  });

  it('is mirrored when it is of the second outcome', () => {
    const row = match({ taker: { quoteType: 'Ask', outcome: { indexSet: 2, name: 'Down', onChainId: '4462' } } });
    expect(readMatch(row, predict)).toMatchObject({ price: 0.8888, side: 'buy', outcome: 'Down' });
  });

  it('has the outcome of its index set when the outcome has no id', () => {
    expect(readMatch(match({}, { indexSet: 2, name: 'Down' }), predict)).toMatchObject({ price: 0.8888, defect: null });
  });

  it.each([
    ['a null price', match({ priceExecuted: null }), 'malformed'],
    ['a price of NaN', match({ priceExecuted: 'NaN' }), 'not-finite'],
    ['a price with a point in it', match({ priceExecuted: '0.11' }), 'malformed'],
    ['no id', match({ settlementId: undefined }), 'malformed'],
    ["another market's outcome", match({}, { indexSet: 1, name: 'Up', onChainId: '99' }), 'unknown-outcome'],
    ['no taker', match({ taker: null }), 'unknown-outcome'],
  ])('with %s states why it cannot become a tick', (_, row, defect) => {
    expect(readMatch(row, predict).defect).toBe(defect);
  });

  it('is the same trade on every page, according to the venue’s id', () => {
    const rows = identifyPage([readMatch(match(), predict), readMatch(match(), predict)]);
    expect(rows.map(({ identity }) => identity)).toEqual(['01a0-1', '01a0-1']);
  });
});

describe('the identity of a trade without an id', () => {
  const read = (facts: Record<string, unknown> = {}) => readTrade(trade(facts), market());

  it('distinguishes copies inside one page, and is the same for the row on another page', () => {
    const page = identifyPage([read(), read({ price: 0.4 }), read()]).map(({ identity }) => identity);
    expect(new Set(page).size).toBe(3);
    expect(page[2]).toBe(`${page[0]}#1`);
    expect(identifyPage([read({ price: 0.4 }), read()]).map(({ identity }) => identity)).toEqual([page[1], page[0]]);
  });

  it.each(['transaction_hash', 'proxy_wallet', 'side', 'price', 'size', 'timestamp'])('differs when %s differs', (field) => {
    const values: Record<string, unknown> = {
      transaction_hash: '0xother',
      proxy_wallet: '0xother',
      side: 'SELL',
      price: 0.38,
      size: 13,
      timestamp: 1_776_043_120,
    };
    const [first, other] = identifyPage([read(), read({ [field]: values[field] })]);
    expect(other.identity).not.toBe(first.identity);
  });

  it('is the text of a bad row, so that the row is listed once even if it is read several times', () => {
    const [first, again] = identifyPage([read({ price: null }), read({ price: null })]);
    expect(again.identity).toBe(first.identity);
  });
});

describe('numbers and times in a venue’s answers', () => {
  it('are read without rounding when they are scaled integers', () => {
    expect(readScaled('370000000000000000').value).toBe(0.37);
    expect(readScaled(1.5e21).value).toBe(1500);
    // digits that no double has exactly: the number means the same as the text
    expect(readScaled(1_234_567_890_123_456_800)).toEqual(readScaled('1234567890123456800'));
    expect(readScaled('1').value).toBe(1e-18);
    expect(readScaled('123456789012345678901234567890').value).toBe(123456789012.34567);
  });

  it('may be numbers with exponents and signs, but nothing else', () => {
    expect(readNumber('1e-3').value).toBe(0.001);
    for (const text of ['', ' ', '0x10', '1,5', '1.5.2']) expect(readNumber(text).defect).toBe('malformed');
    for (const value of [true, [], {}, undefined]) expect(readNumber(value).defect).toBe('malformed');
  });

  it('may be times in seconds, milliseconds, ISO 8601 or Postgres text', () => {
    const time = Date.UTC(2026, 6, 24, 0, 0, 16);
    for (const value of [
      time / 1000,
      String(time / 1000),
      time,
      '2026-07-24T00:00:16Z',
      '2026-07-24 00:00:16+00',
      '2026-07-24T02:00:16+0200',
      '2026-07-24T02:00:16.000+02:00',
    ]) {
      expect(readTime(value).value, String(value)).toBe(time);
    }
    for (const value of ['2026-13-01T00:00:00Z', 'yesterday', '12:00', null]) expect(readTime(value).defect, String(value)).not.toBeNull();
    expect(parseIsoTime('2026-07-24')).toBe(Date.UTC(2026, 6, 24));
  });
});

describe('contradicting rows with the same id', () => {
  const row = (facts: Record<string, unknown>) => ({
    ...readMatch({}, market()),
    time: 1,
    price: 0.5,
    size: 1,
    tradeId: 'a',
    defect: null,
    raw: JSON.stringify(facts),
    ...facts,
  });

  it('are stored as the first of the page, and the others are quarantined as malformed', () => {
    const page = identifyPage([row({}), row({ price: 0.6 }), row({ tradeId: 'b' }), row({}), row({ time: 2 })]);
    expect(page.map(({ identity, defect }) => (defect === null ? identity : defect))).toEqual(['a', 'malformed', 'b', 'a', 'malformed']);
    expect(new Set(page.map(({ identity }) => identity)).size).toBe(4);
  });

  it('are stored as the first readable one', () => {
    const page = identifyPage([row({ price: null, defect: 'malformed' }), row({ price: 0.6 })]);
    expect(page[1]).toMatchObject({ identity: 'a', price: 0.6, defect: null });
  });
});
