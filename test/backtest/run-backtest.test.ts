import { describe, expect, it } from 'vitest';
import { backtestData } from '../../src/backtest/engine/backtest-data.ts';
import { type Market, plainMarket } from '../../src/backtest/engine/market.ts';
import { METRIC_NAMES } from '../../src/backtest/metrics/measured.ts';
import { optionsFor, runBacktest } from '../../src/backtest/run-backtest.ts';
import { runTrials } from '../../src/backtest/run-trials.ts';
import { strategyTrials } from '../../src/backtest/strategies/registry.ts';
import { buyAndHold, favourite, smaCross } from '../../src/backtest/strategies/shipped.ts';
import { defineStrategy } from '../../src/backtest/strategy.ts';
import { bars, closes, DAY, HOUR, walk } from './series.ts';

const resolved = (payout: number): Market => ({ ...plainMarket('probability'), resolution: { kind: 'settled', payout, at: null } });

describe('a result', () => {
  it('has every metric, and a reason for each one that is null', () => {
    const { metrics, undefined: reasons } = runBacktest({ candles: walk(100, 1), strategy: smaCross });
    expect(Object.keys(metrics).sort()).toEqual([...METRIC_NAMES].sort());
    expect(Object.keys(reasons).sort()).toEqual(METRIC_NAMES.filter((name) => metrics[name] === null).sort());
    expect(reasons).toMatchObject({ brier: 'an asset has no outcome to forecast' });
  });

  it('of a strategy that never trades keeps the cash and has undefined ratios', () => {
    const { metrics, undefined: reasons } = runBacktest({ candles: closes([0.5, 0.4, 0.3, 0.2]), strategy: favourite });
    expect(metrics).toMatchObject({
      totalReturn: 0,
      finalEquity: 10_000,
      trades: 0,
      exposure: 0,
      turnover: 0,
      maxDrawdown: 0,
      sharpe: null,
      winRate: null,
    });
    expect(reasons).toMatchObject({ sharpe: 'the returns do not vary', winRate: 'no trade was closed' });
  });

  it('has the metrics of the contract, compared with bars that were worked out by hand', () => {
    const candles = bars([
      [100, 100, 100, 100],
      [100, 110, 100, 110],
      [110, 110, 88, 88],
      [88, 99, 88, 99],
    ]);
    const { metrics } = runBacktest({ candles, strategy: buyAndHold, options: { cash: 1000 } });
    // the first day is against the start cash: nothing was held on it
    const returns = [0, 0.1, -0.2, 0.125];
    const mean = returns.reduce((sum, value) => sum + value, 0) / 4;
    const deviation = Math.sqrt(returns.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 3);
    expect(metrics.totalReturn).toBeCloseTo(-0.01, 12);
    expect(metrics.sharpe).toBeCloseTo((mean / deviation) * Math.sqrt(365), 9);
    expect(metrics.sortino).toBeCloseTo((mean * Math.sqrt(365)) / Math.sqrt(0.04 / 4), 9);
    expect(metrics.volatility).toBeCloseTo(deviation * Math.sqrt(365), 9);
    expect(metrics.maxDrawdown).toBeCloseTo(-0.2, 12);
    expect(metrics.cagr).toBeCloseTo(0.99 ** (365.25 / 3) - 1, 9);
    expect(metrics.calmar).toBeCloseTo((0.99 ** (365.25 / 3) - 1) / 0.2, 9);
    expect(metrics.exposure).toBe(0.75);
    expect(metrics.turnover).toBeCloseTo((1000 + 990) / ((1000 + 1100 + 880 + 990) / 4) / (3 / 365.25), 6);
    expect(metrics.expectancy).toBeCloseTo(-10, 9);
  });

  it('separates the profit of settled positions from that of positions that are still open', () => {
    const candles = closes([0.6, 0.5, 0.7, 0.8]);
    const won = runBacktest({ candles, strategy: buyAndHold, market: resolved(1), options: { cash: 600 } }).metrics;
    expect(won).toMatchObject({
      settlementPnl: expect.closeTo(400, 9),
      markPnl: 0,
      winRate: 1,
      trades: 1,
      finalEquity: expect.closeTo(1000, 9),
    });
    const open = runBacktest({ candles, strategy: buyAndHold, market: plainMarket('probability'), options: { cash: 600 } }).metrics;
    expect(open).toMatchObject({
      settlementPnl: 0,
      markPnl: expect.closeTo(200, 9),
      winRate: null,
      trades: 1,
      finalEquity: expect.closeTo(800, 9),
    });
  });

  it('has a score of the market’s closes against its resolution', () => {
    const candles = closes([0.5, 0.8]);
    const { metrics } = runBacktest({ candles, strategy: buyAndHold, market: resolved(1) });
    expect(metrics.brier).toBeCloseTo((0.25 + 0.04) / 2, 12);
    expect(metrics.logLoss).toBeCloseTo(-(Math.log(0.5) + Math.log(0.8)) / 2, 12);
    const half = runBacktest({ candles, strategy: buyAndHold, market: resolved(0.5) });
    expect(half.undefined).toMatchObject({ brier: 'the market paid neither 0 nor 1' });
  });
});

describe('the sample behind a result', () => {
  const week = closes(
    Array.from({ length: 7 * 24 }, (_, i) => 0.4 + (i % 5) / 100),
    { step: HOUR },
  );

  it('is reported: a week makes ratios and growth weak, and a single trade makes the trade statistics weak', () => {
    const { metrics, sample, weak, standardErrors } = runBacktest({ candles: week, strategy: buyAndHold, market: resolved(1) });
    expect(sample).toEqual({ dailyReturns: 7, trades: 1, events: 1, days: 6.95 });
    expect(weak).toMatchObject({
      sharpe: '7 daily returns, fewer than 30',
      cagr: '6 days, fewer than 90',
      winRate: '1 trade, fewer than 10',
      expectancy: '1 trade, fewer than 10',
    });
    expect(Object.keys(weak).every((name) => metrics[name as keyof typeof metrics] !== null)).toBe(true);
    expect(standardErrors.sharpe).toBeGreaterThan(0);
  });

  it('is too small for ratios and yearly growth when it is one day', () => {
    const day = closes([0.5, 0.4, 0.45, 0.5], { step: HOUR });
    const { metrics, sample, weak } = runBacktest({ candles: day, strategy: buyAndHold, market: resolved(1) });
    expect(sample.dailyReturns).toBe(1);
    expect(metrics).toMatchObject({ sharpe: null, sortino: null, cagr: null, calmar: null, volatility: null, deflatedSharpe: null });
    expect(Object.keys(weak)).toEqual(['turnover', 'brier', 'logLoss', 'winRate', 'expectancy']);
  });

  it('includes a loss on the first day', () => {
    const { metrics } = runBacktest({
      candles: closes([1, 1, 0.112, ...Array.from({ length: 30 }, (_, i) => 0.112 + (i % 2) / 100)], { step: 8 * HOUR }),
      strategy: buyAndHold,
    });
    expect(metrics.totalReturn).toBeLessThan(-0.8);
    expect(metrics.sharpe).toBeLessThan(0);
  });
});

describe('a passport', () => {
  const input = { candles: walk(400, 5), strategy: smaCross, params: { fast: 5, slow: 20 } };
  const { passport } = runBacktest(input);

  it('is the same for the same input, and so is every byte of the result', () => {
    const again = runBacktest({ ...input, candles: structuredClone(input.candles) });
    expect(JSON.stringify(again)).toBe(JSON.stringify(runBacktest(input)));
    expect(again.passport.id).toBe(passport.id);
  });

  it.each<[string, Parameters<typeof runBacktest>[0], 'data' | 'settings' | 'seed' | 'code']>([
    ['a parameter', { ...input, params: { fast: 6, slow: 20 } }, 'settings'],
    ['an option', { ...input, options: { spread: 0.01 } }, 'settings'],
    ['the seed', { ...input, options: { seed: 2 } }, 'seed'],
    ['the fee', { ...input, market: plainMarket('asset', { model: 'flat', rate: 0.01 }) }, 'data'],
    [
      'the code of a strategy that is not shipped',
      { ...input, strategy: defineStrategy({ ...smaCross, create: (...args) => smaCross.create(...args) }) },
      'code',
    ],
  ])('differs with %s', (_what, other, part) => {
    const different = runBacktest(other).passport;
    expect(different.id).not.toBe(passport.id);
    expect(different[part]).not.toBe(passport[part]);
  });

  it('depends on the announced end and the order book only if the strategy read them', () => {
    const candles = walk(50, 5, { probability: true });
    const facts = plainMarket('probability');
    const other = { ...facts, endsAt: 1e9, books: [{ bid: 0.4, ask: 0.5, at: 0 }] };
    const looks = defineStrategy({
      ...buyAndHold,
      name: 'looks',
      create: (_params, _view, situation) => () => (situation.secondsLeft === 0 ? 'flat' : 'hold'),
    });
    const data = (strategy: typeof looks, market: typeof facts) => runBacktest({ candles, strategy, market }).passport.data;
    expect(data(buyAndHold, other)).toBe(data(buyAndHold, facts));
    expect(data(looks, other)).not.toBe(data(looks, facts));
  });

  it('differs when one bit of one candle differs', () => {
    const candles = structuredClone(input.candles);
    candles.volume[7] += 1;
    expect(runBacktest({ ...input, candles }).passport.data).not.toBe(passport.data);
  });
});

describe('a grid of parameters', () => {
  const grid = strategyTrials('sma-cross', { fast: [5, 10, 15], slow: [20, 40] });
  if (!('trials' in grid)) throw new Error('the grid is good');
  const market = plainMarket('asset');
  const data = backtestData(walk(2000, 11), market);
  const { results, overfitting } = runTrials(
    data,
    grid.trials.map((params) => ({ strategy: grid.strategy, params })),
    optionsFor(market),
  );

  it('gives each trial the result of a separate backtest, except the deflated ratio, which counts the other trials', () => {
    for (const result of results) {
      const alone = runBacktest({ candles: data.candles, strategy: smaCross, params: result.params });
      expect({ ...result.metrics, deflatedSharpe: 0 }).toEqual({ ...alone.metrics, deflatedSharpe: 0 });
      expect(result.metrics.deflatedSharpe).toBeLessThan(alone.metrics.deflatedSharpe ?? 0);
      expect(result.passport.id).not.toBe(alone.passport.id);
    }
  });

  it('has a probability that its best trial is overfitted', () => {
    expect(results).toHaveLength(6);
    expect(overfitting).toBeGreaterThanOrEqual(0);
    expect(overfitting).toBeLessThanOrEqual(1);
  });
});

describe('bad input is refused in one sentence', () => {
  const row = [1, 1, 1, 1];
  it.each([
    ['no bars', bars([]), 'the candles: a backtest needs at least two bars (it decides on one and fills on the next), there are no bars'],
    ['one bar', bars([row]), 'there is one bar'],
    ['a price that is not a number', bars([row, [1, 1, Number.NaN, 1]]), 'bar 1: low is not a number; repair or remove the bar'],
    ['an infinite price', bars([row, [1, Number.POSITIVE_INFINITY, 1, 1]]), 'bar 1: high is not a number'],
    [
      'a negative volume',
      { ...bars([row, row]), volume: new Float64Array([1, -1]) },
      'bar 1: volume -1 is negative; repair or remove the bar',
    ],
    ['a price of zero', bars([row, row, [0, 1, 1, 1]]), 'bar 2: open 0 is not a positive price'],
    ['a repeated time', bars([row, row], { step: 0 }), 'bar 1: open_time repeats the bar before; keep one bar for each time'],
    ['unsorted times', bars([row, row], { step: -DAY }), 'bar 1: open_time is earlier than the bar before; sort the bars by time'],
  ])('%s', (_name, candles, sentence) => {
    expect(() => runBacktest({ candles, strategy: smaCross })).toThrow(sentence);
  });

  it('a probability outside 0..1', () => {
    expect(() => runBacktest({ candles: closes([0.5, 1.2]), strategy: smaCross, market: plainMarket('probability') })).toThrow(
      'bar 1: high 1.2 is outside 0..1',
    );
  });

  it.each([
    [{ cash: 0 }, 'cash must be a positive amount, got 0'],
    [{ spread: -0.1 }, 'spread must be a fraction in [0, 1), got -0.1'],
    [{ slippageTicks: 1 }, 'slippage is in ticks, but the tick size of this market is unknown'],
    [{ sizing: { kind: 'fraction', fraction: 2 } }, 'the size must be a fraction in (0, 1], got 2'],
    [{ sizing: { kind: 'fraction', fraction: 0 } }, 'the size must be a fraction in (0, 1], got 0'],
    [{ sizing: { kind: 'fixed', units: 0 } }, 'the size must be a positive number of units, got 0'],
    [{ maxVolumeShare: 0 }, 'the volume share must be in (0, 1], got 0'],
  ] as const)('options %j', (options, sentence) => {
    expect(() => runBacktest({ candles: closes([1, 2]), strategy: smaCross, options })).toThrow(sentence);
  });

  it.each([0, 1, 2])('a negative volume, whichever bar has it: bar %i', (bad) => {
    const candles = { ...closes([1, 2, 3]), volume: Float64Array.from([0, 1, 2], (i) => (i === bad ? -1 : i)) };
    expect(() => runBacktest({ candles, strategy: smaCross })).toThrow(`bar ${bad}: volume -1 is negative`);
  });

  it('a list of parameters for a single backtest', () => {
    expect(() => runBacktest({ candles: closes([1, 2]), strategy: smaCross, params: { fast: [1, 2] } })).toThrow(
      'one value for each parameter',
    );
  });

  it('a strategy’s own error keeps its message', () => {
    const broken = defineStrategy({
      ...buyAndHold,
      name: 'broken',
      create: () => () => {
        throw new Error('out of ideas');
      },
    });
    expect(() => runBacktest({ candles: closes([1, 2]), strategy: broken })).toThrow('out of ideas');
  });
});
