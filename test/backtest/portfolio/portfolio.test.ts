import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backtestData } from '../../../src/backtest/engine/backtest-data.ts';
import { type Market, plainMarket } from '../../../src/backtest/engine/market.ts';
import { type BacktestOptions, DEFAULT_OPTIONS } from '../../../src/backtest/engine/options.ts';
import { FLAT, HOLD, LONG, SHORT } from '../../../src/backtest/engine/trading/trade.ts';
import { runPortfolio } from '../../../src/backtest/portfolio/run-portfolio.ts';
import {
  DEFAULT_LIMITS,
  type DecidedMarket,
  type PortfolioTrading,
  tradePortfolio,
} from '../../../src/backtest/portfolio/trade-portfolio.ts';
import { runBacktest } from '../../../src/backtest/run-backtest.ts';
import { buyAndHold, smaCross } from '../../../src/backtest/strategies/shipped.ts';
import type { Strategy } from '../../../src/backtest/strategy.ts';
import { worlds } from '../../support/worlds.ts';
import { bars, walk } from '../series.ts';
import { type ModelMarket, slowPortfolio } from './slow-portfolio.ts';

const HOUR = 3_600_000;
const WORDS = ['hold', 'long', 'short', 'flat'] as const;
const CODES = { hold: HOLD, long: LONG, short: SHORT, flat: FLAT };

const oneMarket = fc
  .record({
    start: fc.integer({ min: 0, max: 6 }),
    prices: fc.array(
      fc.record({
        open: fc.integer({ min: 0, max: 100 }),
        close: fc.integer({ min: 0, max: 100 }),
        volume: fc.integer({ min: 0, max: 4000 }),
      }),
      {
        minLength: 2,
        maxLength: 12,
      },
    ),
    /** Bars that are absent. */
    gaps: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 12, maxLength: 12 }),
    words: fc.array(fc.constantFrom(...WORDS), { minLength: 12, maxLength: 12 }),
    fee: fc.constantFrom(0, 0.01, 0.2),
    asset: fc.boolean(),
    payout: fc.constantFrom(undefined, 0, 0.5, 1),
    /** When it pays, in hours after its last bar opened, or before. */
    pays: fc.integer({ min: -2, max: 5 }),
    share: fc.constantFrom(0.1, 0.5, 1),
  })
  .map(({ start, prices, gaps, words, fee, asset, payout, pays, share }): ModelMarket => {
    const times = prices.map((_, i) => (start + gaps.slice(0, i).reduce((sum, gap) => sum + gap, 0)) * HOUR);
    const rows = prices.map(({ open, close, volume }) => {
      const [from, to] = asset ? [open + 1, close + 1] : [open / 100, close / 100];
      return [from, Math.max(from, to), Math.min(from, to), to, volume];
    });
    const candles = { ...bars(rows, { step: HOUR }), openTime: Float64Array.from(times) };
    const closesAt = asset || payout === undefined ? null : times[times.length - 1] + pays * HOUR;
    const market: Market = {
      ...plainMarket(asset ? 'asset' : 'probability', { model: 'flat', rate: fee }),
      closesAt,
      resolution: asset || payout === undefined ? { kind: 'open' } : { kind: 'settled', payout, at: closesAt },
    };
    return { candles, market, words: words.slice(0, prices.length), share };
  });

const world = fc.record({
  markets: fc.array(oneMarket, { minLength: 1, maxLength: 5 }),
  limits: fc.record({ perMarket: fc.constantFrom(0.1, 0.3, 1), total: fc.constantFrom(0.2, 0.7, 1) }),
  shorts: fc.boolean(),
});

const decide = (markets: readonly ModelMarket[], shorts: boolean): DecidedMarket[] =>
  markets.map(({ candles, market, words, share }) => ({
    candles,
    market,
    codes: Uint8Array.from(words, (word) => CODES[word]),
    options: { ...DEFAULT_OPTIONS, maxVolumeShare: share, side: shorts && market.kind === 'probability' ? 'both' : 'long' },
    barMs: HOUR,
  }));

/** The model knows one answer to "are shorts allowed"; assets are never sold short. */
const withoutAssetShorts = (markets: readonly ModelMarket[]): ModelMarket[] =>
  markets.map((one) =>
    one.market.kind === 'asset' ? { ...one, words: one.words.map((word) => (word === 'short' ? 'flat' : word)) } : one,
  );

const pnls = ({ markets }: PortfolioTrading): number => markets.flatMap(({ trades }) => trades).reduce((sum, { pnl }) => sum + pnl, 0);

describe('a portfolio', () => {
  it('has the same cash and equity as a slow and simple ledger', () => {
    fc.assert(
      fc.property(world, ({ markets, limits, shorts }) => {
        const { curve, markets: traded } = tradePortfolio(decide(markets, shorts), 1000, limits);
        const { rows, expired } = slowPortfolio(withoutAssetShorts(markets), 1000, limits, { shorts });
        expect(traded.map(({ unfilled }) => unfilled.expired ?? 0)).toEqual(expired);
        expect([...curve.time]).toEqual(rows.map(({ time }) => time));
        for (const [i, row] of rows.entries()) {
          expect(curve.cash[i]).toBeCloseTo(row.cash, 6);
          expect(curve.equity[i]).toBeCloseTo(row.equity, 6);
        }
      }),
      { numRuns: worlds(1000) },
    );
  });

  it('ignores bars after a market’s close as evidence, like a backtest of the market alone', () => {
    const candles = walk(46, 3, { probability: true, step: 24 * HOUR });
    const closesAt = candles.openTime[6];
    const market: Market = { ...plainMarket('probability'), closesAt, resolution: { kind: 'settled', payout: 1, at: closesAt } };
    const alone = runBacktest({ candles, market, strategy: buyAndHold });
    const data = backtestData(candles, market);
    const limits = { perMarket: 1, total: 1 };
    const all = runPortfolio(
      [{ name: 'rain', data, options: DEFAULT_OPTIONS }],
      { strategy: buyAndHold, params: {} },
      { cash: 10_000, limits },
    );
    expect(all.weak.sharpe).toBe('6 daily returns up to the last bar, fewer than 30');
    expect(all.weak.sharpe).toBe(alone.weak.sharpe);
    expect(all.metrics.sharpe).toBeCloseTo(alone.metrics.sharpe as number, 9);
    expect(all.spreads).toEqual(alone.spreads);
  });

  it('conserves money: cash is never negative, all profits add up to the final equity, and limits hold at every entry', () => {
    fc.assert(
      fc.property(world, ({ markets, limits, shorts }) => {
        const decided = decide(markets, shorts);
        const trading = tradePortfolio(decided, 1000, limits);
        const { time, cash, equity } = trading.curve;
        for (let i = 0; i < time.length; i++) {
          expect(cash[i]).toBeGreaterThan(-1e-9);
          expect(equity[i] - cash[i]).toBeGreaterThan(-1e-9);
        }
        expect(equity.at(-1)).toBeCloseTo(1000 + pnls(trading), 6);
        // cash that is locked until settlement cannot be spent: at no moment do entries cost more than the free cash
        const flows = trading.markets.flatMap(({ trades }, m) => {
          const { candles, market } = decided[m];
          const unit = (side: string, price: number): number => (side === 'short' ? 1 - price : price);
          const last = candles.openTime[candles.length - 1];
          return trades.flatMap((trade) => {
            const paid = trade.size * unit(trade.side, trade.entryPrice);
            const exit = candles.openTime[trade.exitBar];
            const free =
              trade.end === 'settlement' ? Math.max(last, market.closesAt ?? last) : trade.end === 'mark' ? Number.POSITIVE_INFINITY : exit;
            return [
              { time: candles.openTime[trade.entryBar], out: paid, in: 0 },
              { time: free, out: 0, in: paid + trade.pnl },
            ];
          });
        });
        for (const at of time) {
          const before = flows.filter((flow) => flow.time <= at);
          const left = before.reduce((sum, flow) => sum + flow.in - flow.out, 1000);
          expect(left).toBeGreaterThan(-1e-6);
        }
      }),
      { numRuns: worlds(300) },
    );
  });

  it.each([
    ['a probability', true, { kind: 'all' }],
    ['a probability, with a part of its cash', true, { kind: 'fraction', fraction: 0.3 }],
    ['an asset', false, { kind: 'all' }],
    ['an asset, with a part of its cash', false, { kind: 'fraction', fraction: 0.3 }],
  ] as const)('of one market without limits trades like a backtest of that market: %s', (_, probability, sizing) => {
    for (const seed of [1, 2, 3]) {
      const candles = walk(300, seed, { probability });
      const fees = { model: 'polymarket', rate: 0.04 } as const;
      const market: Market = probability
        ? {
            ...plainMarket('probability', fees),
            tickSize: 0.01,
            closesAt: candles.openTime[candles.length - 10],
            resolution: { kind: 'settled', payout: 1, at: null },
          }
        : plainMarket('asset');
      const side = probability ? 'both' : 'long';
      const options: BacktestOptions = { ...DEFAULT_OPTIONS, side, sizing, maxVolumeShare: 0.2, halfSpread: 0.005 };
      const alone = runBacktest({ candles, strategy: smaCross, params: { fast: 3, slow: 9 }, market, options });
      const trial = { strategy: smaCross as Strategy, params: { fast: 3, slow: 9 } };
      const { trades, curve, metrics, markets } = runPortfolio([{ name: 'one', data: backtestData(candles, market), options }], trial, {
        cash: options.cash,
        limits: { perMarket: 1, total: 1 },
      });
      expect(trades.length).toBe(alone.trades.length);
      // positions, in however many parts they were closed
      expect(markets).toMatchObject([{ trades: alone.metrics.trades, unfilled: alone.unfilled }]);
      for (const [i, trade] of trades.entries()) expect(trade.pnl).toBeCloseTo(alone.trades[i].pnl, 8);
      for (const [i, value] of curve.equity.entries()) expect(value).toBeCloseTo(alone.equity[i], 8);
      const same = [
        'totalReturn',
        'sharpe',
        'maxDrawdown',
        'winRate',
        'trades',
        'fees',
        'finalEquity',
        'settlementPnl',
        'markPnl',
      ] as const;
      for (const name of same) expect(metrics[name]).toBeCloseTo(alone.metrics[name] as number, 8);
    }
  });

  it('counts the entries that other positions left less money than the limit of one market', () => {
    const candles = bars(
      [1, 2, 3, 4].map(() => [0.5, 0.5, 0.5, 0.5, 1e6]),
      { step: HOUR },
    );
    const market = plainMarket('probability');
    const hold = (perMarket: number) => {
      const codes = Uint8Array.of(LONG, HOLD, HOLD, HOLD);
      const decided = [1, 2, 3].map(() => ({ candles, market, codes, options: DEFAULT_OPTIONS, barMs: HOUR }));
      return tradePortfolio(decided, 1000, { perMarket, total: 1 }).markets.map(({ limited, noMoney }) => [limited, noMoney]);
    };
    const free = [0, 0];
    expect(hold(0.3)).toEqual([free, free, free]);
    expect(hold(0.4)).toEqual([free, free, [1, 0]]);
    expect(hold(0.5)).toEqual([free, free, [1, 1]]);
  });

  it('treats days on which it waits for a settlement as no evidence, as a backtest of one market does', () => {
    const candles = bars(
      [0.5, 0.5, 0.55, 0.52, 0.57, 0.65].map((price) => [price, price, price, price, 100]),
      { step: 24 * HOUR },
    );
    const closesAt = 68 * 24 * HOUR;
    const market: Market = { ...plainMarket('probability'), closesAt, resolution: { kind: 'settled', payout: 1, at: closesAt } };
    const options = { ...DEFAULT_OPTIONS, proofCuts: 0 };
    const alone = runBacktest({ candles, strategy: buyAndHold, market, options });
    const { weak, benchmark } = runPortfolio(
      [{ name: 'rain', data: backtestData(candles, market), options }],
      { strategy: buyAndHold, params: {} },
      { cash: options.cash, limits: { perMarket: 1, total: 1 } },
    );
    expect(weak.sharpe).toBe('6 daily returns up to the last bar, fewer than 30');
    expect(weak.sharpe).toBe(alone.weak.sharpe);
    expect(benchmark.weak).toEqual(weak);
  });

  it('ends with its last bar when everything was sold before the market paid', () => {
    const candles = bars(
      [0.5, 0.5, 0.6, 0.6].map((price) => [price, price, price, price, 100]),
      { step: 24 * HOUR },
    );
    const closesAt = 40 * 24 * HOUR;
    const market: Market = { ...plainMarket('probability'), closesAt, resolution: { kind: 'settled', payout: 1, at: closesAt } };
    const options = { ...DEFAULT_OPTIONS, proofCuts: 0 };
    const strategy: Strategy = {
      ...(buyAndHold as Strategy),
      create: (_, so) => () => (so.index === 0 ? 'long' : so.index === 2 ? 'flat' : 'hold'),
    };
    const alone = runBacktest({ candles, strategy, market, options });
    const { metrics, sample } = runPortfolio(
      [{ name: 'rain', data: backtestData(candles, market), options }],
      { strategy, params: {} },
      { cash: options.cash, limits: { perMarket: 1, total: 1 } },
    );
    expect(sample).toEqual(alone.sample);
    expect(metrics.sharpe).toBeCloseTo(alone.metrics.sharpe as number, 9);
  });

  it('lists a position that was sold in parts once among the closed positions', () => {
    const candles = bars(
      [0.5, 0.5, 0.5, 0.6, 0.6, 0.7].map((price, i) => [price, price, price, price, i === 1 ? 1000 : 100]),
      { step: HOUR },
    );
    const options: BacktestOptions = { ...DEFAULT_OPTIONS, cash: 50, maxVolumeShare: 0.5, proofCuts: 0 };
    const strategy: Strategy = {
      ...(buyAndHold as Strategy),
      create: (_, so) => () => (so.index === 0 ? 'long' : so.index === 2 ? 'flat' : 'hold'),
    };
    const { closed, trades } = runPortfolio(
      [{ name: 'rain', data: backtestData(candles, plainMarket('probability')), options }],
      { strategy, params: {} },
      { cash: 50, limits: { perMarket: 1, total: 1 } },
    );
    expect(trades).toHaveLength(2);
    expect(closed).toEqual([expect.closeTo(10, 9)]);
  });

  it('lists closed positions in the order in which they were closed, across markets', () => {
    const rising = (rise: number) =>
      bars(
        [0, 1, 2, 3, 4].map((i) => [0.5 + i * rise, 0.9, 0.1, 0.5 + i * rise]),
        { step: HOUR },
      );
    // bought at the second bar, left at the bar after it, or the one after that
    const strategy: Strategy = {
      ...(buyAndHold as Strategy),
      create: (_, so) => () => (so.index === 0 ? 'long' : so.index === (so.close(0) < 0.4 ? 1 : 2) ? 'flat' : 'hold'),
    };
    const options = { ...DEFAULT_OPTIONS, proofCuts: 0 };
    const markets = [0.01, -0.11].map((rise, i) => ({
      name: `m${i}`,
      data: backtestData(rising(rise), plainMarket('probability')),
      options,
    }));
    const { closed, trades } = runPortfolio(markets, { strategy, params: {} }, { cash: 100, limits: { perMarket: 0.5, total: 1 } });
    expect(trades.map(({ market, exitTime }) => [market, exitTime / HOUR])).toEqual([
      ['m0', 3],
      ['m1', 2],
    ]);
    expect(closed).toEqual([trades[1].pnl, trades[0].pnl]);
    expect(closed[0]).toBeLessThan(0);
    expect(closed[1]).toBeGreaterThan(0);
  });

  it('has another passport when it holds one market twice, or when other markets resolve together', () => {
    const named = (name: string, seed: number, event?: string) => {
      const market: Market = { ...plainMarket('probability'), ...(event !== undefined && { event }) };
      return { name, data: backtestData(walk(40, seed, { probability: true }), market), options: DEFAULT_OPTIONS };
    };
    const idOf = (markets: Parameters<typeof runPortfolio>[0]) =>
      runPortfolio(markets, { strategy: buyAndHold, params: {} }, { cash: 1000, limits: DEFAULT_LIMITS }).passport.id;
    const one = idOf([named('a', 1), named('b', 1), named('c', 2)]);
    expect(idOf([named('a', 1), named('b', 2), named('c', 2)])).not.toBe(one);
    expect(idOf([named('a', 1, 'x'), named('b', 1, 'x'), named('c', 2)])).not.toBe(one);
    expect(idOf([named('other', 1), named('names', 1), named('only', 2)])).toBe(one);
  });

  it('that cannot be traded is refused in one sentence', () => {
    const data = backtestData(walk(50, 1), plainMarket('asset'));
    const trial = { strategy: buyAndHold as Strategy, params: {} };
    const run = (options: Partial<BacktestOptions>, limits = DEFAULT_LIMITS, strategy = trial.strategy) =>
      runPortfolio([{ name: 'btc', data, options: { ...DEFAULT_OPTIONS, ...options } }], { ...trial, strategy }, { cash: 1, limits });
    expect(() => run({ side: 'both' })).toThrow('a portfolio cannot sell assets short');
    expect(() => run({}, { perMarket: 0, total: 1 })).toThrow('the limit of one market must be a share in (0, 1], got 0');
    expect(() => run({}, { perMarket: 1, total: 2 })).toThrow('the limit of all markets must be a share in (0, 1], got 2');
    const orders: Strategy = { ...trial.strategy, name: 'orders', create: () => () => ({ side: 'long', size: 0.5 }) };
    expect(() => run({}, DEFAULT_LIMITS, orders)).toThrow("btc: strategy 'orders' returns orders");
    const looks: Strategy = {
      ...trial.strategy,
      name: 'looks',
      create: (_, __, situation) => () => (situation.equity > 0 ? 'long' : 'hold'),
    };
    expect(() => run({}, DEFAULT_LIMITS, looks)).toThrow("btc: strategy 'looks' reads its situation");
  });

  it('refuses candles of several intervals, since it would use the close of a longer bar before that bar is over', () => {
    const hourly = walk(72, 3);
    const every = (hours: number, shift = 0) => {
      const openTime = Float64Array.from({ length: Math.floor(72 / hours) }, (_, i) => hourly.openTime[0] + (i * hours + shift) * HOUR);
      return { ...walk(openTime.length, 4), openTime };
    };
    const together = (candles: ReturnType<typeof every>) =>
      runPortfolio(
        [hourly, candles].map((own, i) => ({
          name: `m${i}`,
          data: backtestData(own, plainMarket('asset')),
          options: DEFAULT_OPTIONS,
        })),
        { strategy: buyAndHold, params: {} },
        { cash: 1, limits: DEFAULT_LIMITS },
      );
    expect(() => together(every(24))).toThrow(
      /^a bar of m0 opens at .*, inside a bar of m1 that opens at .* give all markets candles of one interval/,
    );
    expect(() => together(every(1, 0.5))).toThrow(/^a bar of m. opens at .*, inside a bar of m./);
    const lateOverlap = { ...every(1), openTime: every(1).openTime.map((time, i) => (i === 60 ? time + HOUR / 2 : time)) };
    expect(() => together(lateOverlap)).toThrow(/^a bar of m. opens at .*, inside a bar of m./);
    expect(() => together(every(1))).not.toThrow();
    expect(() => together(every(1, 5))).not.toThrow();
  });
});
