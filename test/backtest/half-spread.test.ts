import { describe, expect, it } from 'vitest';
import { type Market, plainMarket } from '../../src/backtest/engine/market.ts';
import { type BacktestOptions, DEFAULT_OPTIONS, optionProblems, termsOf } from '../../src/backtest/engine/options.ts';
import { halfSpreads } from '../../src/backtest/engine/trading/half-spread.ts';
import { tradingTerms } from '../../src/backtest/record/passport-column.ts';
import { runBacktest } from '../../src/backtest/run-backtest.ts';
import { buyAndHold } from '../../src/backtest/strategies/shipped.ts';
import { defineStrategy } from '../../src/backtest/strategy.ts';
import { walk } from './series.ts';

const HOUR = 3_600_000;
const base = walk(100, 3, { probability: true });
/** Hourly bars at a price, of a volume each. */
const bars = (price: number, volume: number) => {
  const flat = new Float64Array(100).fill(price);
  return { ...base, open: flat, high: flat, low: flat, close: flat, volume: new Float64Array(100).fill(volume) };
};
const market = (books: Market['books'] = []): Market => ({ ...plainMarket('probability'), tickSize: 0.001, books });
const at = (bar: number): number => base.openTime[bar];

it.each([
  [{ halfSpread: -0.01 }, 'the half-spread must be an amount of 0 or more and below 1'],
  [{ halfSpread: 1 }, 'the half-spread must be an amount of 0 or more and below 1'],
  [{ spread: -0.01 }, 'spread must be a fraction in [0, 1)'],
  [{ spread: 1 }, 'spread must be a fraction in [0, 1)'],
  [{ cash: 0 }, 'cash must be a positive amount'],
  [{ cash: Number.POSITIVE_INFINITY }, 'cash must be a positive amount'],
  [{ slippageTicks: -1 }, 'slippage must be 0 or more ticks'],
  [{ sizing: { kind: 'fraction', fraction: 0 } }, 'the size must be a fraction in (0, 1]'],
])('the costs %j are refused', (costs, sentence) => {
  expect(optionProblems({ ...DEFAULT_OPTIONS, ...costs } as BacktestOptions, market())).toEqual([expect.stringContaining(sentence)]);
});

it('the smallest and the largest allowed costs are accepted', () => {
  const least: BacktestOptions = {
    ...DEFAULT_OPTIONS,
    cash: 0.01,
    spread: 0,
    halfSpread: 0,
    slippageTicks: 0,
    sizing: { kind: 'fraction', fraction: 1 },
  };
  expect(optionProblems(least, market())).toEqual([]);
  expect(optionProblems({ ...least, spread: 0.999, halfSpread: 0.999, slippageTicks: 5 }, market())).toEqual([]);
});

it('a fee below 0 is refused', () => {
  const fees = { model: 'flat', rate: -0.1 } as const;
  expect(optionProblems(DEFAULT_OPTIONS, { ...market(), fees })).toEqual([expect.stringContaining('fee must be a fraction in [0, 1)')]);
});

describe('the recorded half-spread', () => {
  it('comes from the newest book of the 24 hours before a bar, never from a later one', () => {
    const spread = halfSpreads(
      bars(0.5, 1e6),
      market([
        { bid: 0.49, ask: 0.51, at: at(10) },
        { bid: 0.47, ask: 0.53, at: at(20) },
      ]),
      HOUR,
    );
    expect(spread(9).from).toBe('default');
    expect(spread(10)).toEqual({ amount: 0.01, from: 'recorded' });
    expect(spread(19)).toEqual({ amount: 0.01, from: 'recorded' });
    expect(spread(20)).toEqual({ amount: 0.03, from: 'recorded' });
    expect(spread(44)).toEqual({ amount: 0.03, from: 'recorded' });
    expect(spread(45).from).toBe('default');
  });

  it.each([
    ['one side is empty', { bid: 0.4, ask: null }],
    ['its prices are crossed', { bid: 0.6, ask: 0.5 }],
  ])('is not taken from an order book of which %s', (_why, book) => {
    expect(halfSpreads(bars(0.5, 1e6), market([{ ...book, at: at(1) }]), HOUR)(2).from).toBe('default');
  });

  it.each([
    ['edge', 0.02, [0.0155, 0.0083, 0.002, 0.0005]],
    ['edge', 0.96, [0.0155, 0.0083, 0.002, 0.0005]],
    ['middle', 0.05, [0.0275, 0.01, 0.005, 0.01]],
    ['middle', 0.95, [0.0275, 0.01, 0.005, 0.01]],
  ])('is the default of the market’s class when no book was recorded: %s prices such as %s', (_class, price, expected) => {
    const amounts = [99, 100, 1000, 10_000].map((money) => halfSpreads(bars(price, (money * 1.0001) / 24 / price), market(), HOUR)(50));
    expect(amounts).toEqual(expected.map((amount, i) => ({ amount: i === 0 ? expected[0] : amount, from: 'default' })));
  });

  it('depends on the traded money per day of the previous bar when bars are longer than a day', () => {
    const weekly = { ...bars(0.5, 7 * 2 * 1001), openTime: base.openTime.map((time, bar) => time + bar * (7 * 24 - 1) * HOUR) };
    expect(halfSpreads(weekly, market(), 7 * 24 * HOUR)(50)).toEqual({ amount: 0.005, from: 'default' });
  });

  it('extrapolates the traded money when fewer than 24 hours are known, and is the median of all markets when sizes are unknown', () => {
    const traded = bars(0.5, 1001 / 24 / 0.5);
    expect([1, 5, 50].map((bar) => halfSpreads(traded, market(), HOUR)(bar).amount)).toEqual([0.005, 0.005, 0.005]);
    expect(halfSpreads(traded, market(), HOUR)(0)).toEqual({ amount: 0.01, from: 'default' });
    expect(halfSpreads(bars(0.5, Number.NaN), market(), HOUR)(50)).toEqual({ amount: 0.01, from: 'default' });
    expect(halfSpreads(bars(0.02, Number.NaN), market(), HOUR)(50)).toEqual({ amount: 0.002, from: 'default' });
  });

  it('is reported as unknown for an asset without a recorded book', () => {
    expect(halfSpreads(base, plainMarket('asset'), HOUR)(5)).toEqual({ amount: 0, from: 'unknown' });
  });
});

describe('a backtest with the recorded spread', () => {
  const flipper = defineStrategy({
    ...buyAndHold,
    name: 'flipper',
    codeHash: 'of a plugin',
    create: (_params, view) => () => (view.index % 10 === 0 ? 'long' : view.index % 10 === 5 ? 'flat' : 'hold'),
  });
  const books = [{ bid: 0.48, ask: 0.52, at: at(30) }];
  const run = (looks: Market['books'], halfSpread: number | 'recorded' = 'recorded') =>
    runBacktest({ candles: bars(0.5, 1e6), strategy: flipper, market: market(looks), options: { halfSpread } });

  it('fills at the spread of each moment, and counts the fills by the source of their spread', () => {
    const { trades, spreads } = run(books);
    expect(spreads).toEqual({ recorded: 5, default: 15 });
    const paid = trades.map(({ entryBar, entryPrice }) => [entryBar, entryPrice]);
    expect(paid).toEqual([1, 11, 21, 31, 41, 51, 61, 71, 81, 91].map((bar) => [bar, bar >= 31 && bar <= 54 ? 0.52 : 0.51]));
    expect(run(books, 0.02).spreads).toEqual({ given: 20 });
  });

  it('does not count resting orders, which pay no spread', () => {
    const patient = defineStrategy({ ...flipper, name: 'patient', create: () => () => ({ side: 'long', limit: 0.45, target: 0.6 }) });
    const candles = { ...bars(0.5, 1e6), low: new Float64Array(100).fill(0.4), high: new Float64Array(100).fill(0.7) };
    const { spreads, trades } = runBacktest({ candles, strategy: patient, market: market(books), options: { halfSpread: 'recorded' } });
    expect(trades.length).toBeGreaterThan(10);
    expect(spreads).toEqual({});
  });

  it('has the same passport with any announced end that its strategy did not read', () => {
    const data = (more: Partial<Market>): string =>
      runBacktest({ candles: base, strategy: flipper, market: { ...market(books), ...more }, options: { halfSpread: 'recorded' } }).passport
        .data;
    expect(data({ endsAt: at(99), earlierEnds: [{ until: at(50), endsAt: at(80) }] })).toBe(data({}));
  });

  it('has the order books that it used in its passport, and states its terms in words', () => {
    const { passport } = run(books);
    expect(run([{ ...books[0], ask: 0.53 }]).passport.data).not.toBe(passport.data);
    expect(run([{ ...books[0], ask: 0.53 }], 0.02).passport.data).toBe(run(books, 0.02).passport.data);
    const later = { bid: 0.1, ask: 0.9, at: base.openTime[99] + HOUR + 1 };
    const older = { bid: 0.1, ask: 0.9, at: at(0) - 3 * HOUR };
    const first = { bid: 0.4, ask: 0.6, at: at(0) - HOUR };
    expect(run([...books, later]).passport.id).toBe(passport.id);
    expect(run([older, first, ...books]).passport.id).toBe(run([first, ...books]).passport.id);
    const stored = { ...passport, basis: 'b', bars: 100, from: 0, to: HOUR, leftOut: 0, twin: null };
    expect(tradingTerms(stored, { recorded: 5, default: 15 })).toContain(
      'half the spread of the order book of its time on 5 fills and of markets of its price and trading on 15 fills, for which no book was recorded',
    );
    expect(termsOf(market(), { ...DEFAULT_OPTIONS, halfSpread: 'recorded' })).toMatchObject({ halfSpread: 'recorded', differs: [] });
    expect(termsOf(market(), DEFAULT_OPTIONS).differs).toEqual(['halfSpread: 0, default "recorded"']);
  });
});
