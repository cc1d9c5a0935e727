import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runBacktest as runEngine } from '../../src/backtest/run-backtest.ts';
import { rsiStrategy, smaCross } from '../../src/backtest/strategies/shipped.ts';
import { candles, indicators, metrics, PredictLab, PredictLabError, runBacktest } from '../../src/index.ts';
import { freezeExports } from '../../src/library/freeze-exports.ts';
import { type MarketFacts, marketFrom } from '../../src/library/market.ts';
import { walk } from '../backtest/series.ts';

describe('the library', () => {
  const series = walk(300, 3, { probability: true });

  it('gives the numbers of the engine, in whatever form it gets the candles', () => {
    const params = { fast: 3, slow: 9 };
    const direct = runEngine({ candles: series, strategy: smaCross, params });
    for (const given of [
      series,
      candles.toRows(series),
      candles.toRows(series).map((row) => ({ ...row, openTime: new Date(row.openTime) })),
    ])
      for (const strategy of ['sma-cross', smaCross] as const) expect(runBacktest({ candles: given, strategy, params })).toEqual(direct);
  });

  it('exports no object to which a strategy could attach what it saw', () => {
    for (const one of [
      indicators,
      indicators.sma,
      metrics,
      candles,
      runBacktest,
      PredictLabError,
      PredictLabError.prototype,
      PredictLab.prototype,
    ])
      expect(() => Object.assign(one, { left: 1 })).toThrow('not extensible');
  });

  it('freezes exports that contain themselves, are frozen already, or are not objects', () => {
    const own: { self?: unknown; inner: object } = { inner: { a: [1] } };
    own.self = own;
    const done = Object.freeze({ left: {} });
    freezeExports([own, null, undefined, 1, done]);
    expect([own, own.inner, Object.values(own.inner)[0]].every((one) => Object.isFrozen(one))).toBe(true);
    expect(Object.isFrozen(done.left)).toBe(false);
  });

  it('fills a tenth of a bar’s volume unless set otherwise, and states what this limit cut', () => {
    const rows = Array.from({ length: 4 }, (_, i) => ({ openTime: i * 3_600_000, open: 0.5, high: 0.5, low: 0.5, close: 0.5, volume: 1 }));
    const bought = runBacktest({ candles: rows, strategy: 'buy-and-hold', market: { market: 'probability', resolution: 1 } });
    expect(bought).toMatchObject({ trades: [{ size: 0.1 }], cut: 1 });
    const whole = runBacktest({ candles: rows, strategy: 'buy-and-hold', options: { maxVolumeShare: null } });
    expect(whole.trades[0].size).toBeCloseTo(20_000, 6);
  });

  it('turns candles into rows and back without the loss of a digit', () => {
    const price = fc.double({ min: 1e-9, max: 1, noNaN: true });
    const row = fc.record({
      open: price,
      high: price,
      low: price,
      close: price,
      volume: fc.option(fc.double({ min: 0, max: 1e9, noNaN: true })),
    });
    fc.assert(
      fc.property(fc.array(row, { minLength: 1 }), (rows) => {
        const timed = rows.map((one, i) => ({ ...one, openTime: i * 60_000 }));
        expect(candles.toRows(candles.fromRows(timed))).toEqual(timed);
      }),
    );
  });

  it('computes indicators from closes alone with the same results as from candles', () => {
    for (const name of ['sma', 'ema', 'rsi', 'roc', 'stddev', 'bollinger'] as const)
      expect(indicators[name]([...series.close], { period: 5 })).toEqual(indicators[name](series, { period: 5 }));
  });

  it('treats returns as daily, unless times or periods per year are given', () => {
    const returns = Array.from({ length: 40 }, (_, i) => Math.sin(i) / 100);
    const times = returns.map((_, i) => Date.UTC(2026, 0, 1 + i));
    expect(metrics.ofReturns(returns).sharpe).toBe(metrics.ofReturns(returns, { times }).sharpe);
    expect(metrics.ofReturns(returns, { periodsPerYear: 8760 }).sharpe).toBe(
      metrics.ofReturns(returns, { times: returns.map((_, i) => i * 3_600_000) }).sharpe,
    );
  });

  it.each<[string, () => unknown]>([
    ['candles[1].openTime: soon is not a valid time', () => candles.fromRows([row(0), { ...row(1), openTime: 'soon' }])],
    ['candles[1]: open_time repeats the bar before', () => candles.fromRows([row(0), row(0)])],
    ['candles[0]: close is not a number', () => candles.fromRows([{ ...row(0), close: Number.NaN }])],
    ['ticks[0].price: NaN is not a number', () => candles.fromTicks([{ time: 0, price: Number.NaN }], '1h')],
    ["'7m' is not a valid interval; write one of 1m, 5m", () => candles.fromTicks([], '7m' as '5m')],
    ['the indicator rsi has no parameter perid', () => indicators.rsi([1, 2], { perid: 3 } as object)],
    ['prices[1]: NaN is not a number', () => indicators.sma([1, Number.NaN])],
    ['returns: the list is empty', () => metrics.ofReturns([])],
    ['returns[1]: NaN is not a number', () => metrics.ofReturns([0.1, Number.NaN])],
    ['times[1]: not later than the previous time', () => metrics.ofReturns([0.1, 0.2], { times: [1, 1] })],
    ['trials: 0 is not a whole number of 1 or more', () => metrics.ofReturns([0.1, 0.2], { trials: 0 })],
    ['did you mean trials?', () => metrics.ofReturns([0.1, 0.2], { trails: 5 } as object)],
    ['outcomes: there are 1 for 2 forecasts', () => metrics.ofForecasts([0.1, 0.2], [1])],
    ['forecasts[0]: 2 is not a probability', () => metrics.ofForecasts([2], [1])],
    ['markets[0].outcome: 0.5 is not an outcome', () => metrics.ofMarkets([{ prices: [0.1], outcome: 0.5 }])],
    ["unknown strategy 'sma-cros'; there are buy-and-hold", () => runBacktest({ candles: series, strategy: 'sma-cros' })],
    ['market.resolution: 2 is not a valid payout', () => runBacktest({ candles: series, strategy: 'rsi', market: { resolution: 2 } })],
    ['market.tick: no price lies between', () => runBacktest({ candles: series, strategy: 'rsi', market: { resolution: 1, tick: 0.5 } })],
    [
      'market.resolution: an asset is closed',
      () => runBacktest({ candles: series, strategy: 'rsi', market: { market: 'asset', resolution: 1 } }),
    ],
    ['candles are missing', () => runBacktest({ strategy: 'rsi' } as Parameters<typeof runBacktest>[0])],
    ['the request: write an object { candles, strategy', () => asked(undefined)],
    ["the request has no field 'opts'; it takes candles, strategy, params", () => asked({ candles: series, strategy: 'rsi', opts: {} })],
    [
      "options has no field 'maxVolumeShar'; it takes cash",
      () => asked({ candles: series, strategy: 'rsi', options: { maxVolumeShar: 0.1 } }),
    ],
    ['did you mean resolution?', () => asked({ candles: series, strategy: 'rsi', market: { resolutoin: 1 } })],
    ['market: write an object { market, resolution', () => asked({ candles: series, strategy: 'rsi', market: 'probability' })],
    ['twin: write an object { id, candles }', () => asked({ candles: series, strategy: 'rsi', twin: [] })],
    ["twin has no field 'length'; it takes id, candles", () => asked({ candles: series, strategy: 'rsi', twin: series })],
    ['params: write an object that maps each parameter name to its value', () => asked({ candles: series, strategy: 'rsi', params: 5 })],
    ['params: write an object', () => asked({ candles: series, strategy: 'rsi', params: [14] })],
    ['params: write an object', () => asked({ candles: series, strategy: 'rsi', params: null })],
    ['candles are a promise; write `await', () => asked({ candles: Promise.resolve(series), strategy: 'rsi' })],
    ['the strategy is incomplete: write the name of a shipped strategy, or { name', () => asked({ candles: series })],
    ["strategy 'dip' is incomplete", () => asked({ candles: series, strategy: { name: 'dip', summary: '', create: () => () => 'hold' } })],
    ["strategy 'rsi' is incomplete", () => asked({ candles: series, strategy: { name: 'rsi', params: rsiStrategy.params } })],
    ['a backtest needs at least two bars', () => runBacktest({ candles: [row(0)], strategy: 'rsi' })],
  ])('refuses wrong arguments in one sentence: %s', (sentence, call) => {
    expect(call).toThrow(expect.objectContaining({ type: 'BadInput', message: expect.stringContaining(sentence) as string }));
  });
});

/** Runs a backtest with a request that no compiler has checked. */
const asked = (request: unknown) => runBacktest(request as Parameters<typeof runBacktest>[0]);

const row = (openTime: number) => ({ openTime, open: 0.5, high: 0.5, low: 0.5, close: 0.5 });

describe('market data and returns that a program passes', () => {
  const series = walk(300, 3, { probability: true });

  it('give candles the volume of buy trades, and no volume when ticks have no size', () => {
    const tick = (minute: number, side?: 'buy' | 'sell') => ({ time: minute * 60_000, price: 0.5, size: 10, ...(side && { side }) });
    const traded = candles.fromTicks([tick(0, 'buy'), tick(1, 'sell'), tick(2)], '1h');
    expect([Array.from(traded.volume), Array.from(traded.buyVolume)]).toEqual([[30], [10]]);
    for (const size of [null, undefined]) {
      const points = candles.fromTicks([{ time: 0, price: 0.5, size }], '1h');
      expect(Array.from(points.volume)).toEqual([Number.NaN]);
    }
  });

  it.each([
    [{ event: '' }, 'market.event: write a name'],
    [{ event: 7 }, 'market.event: write a name'],
    [{ endsAt: [] }, 'market.endsAt: list at least one announcement, oldest first'],
    [{ endsAt: [2, 1].map((from) => ({ from, endsAt: 10 })) }, 'market.endsAt[1]: list at least one announcement, oldest first'],
    [{ endsAt: [1, 1].map((from) => ({ from, endsAt: 10 })) }, 'market.endsAt[1]: list at least one announcement, oldest first'],
  ])('are refused for the market %j', (facts, message) => {
    const market = { market: 'probability', ...facts } as MarketFacts;
    expect(() => runBacktest({ candles: series, strategy: 'buy-and-hold', market })).toThrow(message);
  });

  it('may contain announcements of the end with their times, of which the last is the end', () => {
    const day = 86_400_000;
    const market = marketFrom({
      market: 'probability',
      event: 'senate-2022',
      endsAt: [
        { from: 0, endsAt: 10 * day },
        { from: day, endsAt: 12 * day },
      ],
    });
    expect(market).toMatchObject({
      event: 'senate-2022',
      endsAt: 12 * day,
      earlierEnds: [
        { until: 0, endsAt: null },
        { until: day, endsAt: 10 * day },
      ],
    });
  });

  it('may contain one end without announcements, as text or as a number', () => {
    const end = Date.UTC(2026, 0, 5);
    for (const endsAt of [end, '2026-01-05T00:00:00Z'])
      expect(marketFrom({ market: 'probability', endsAt })).toMatchObject({ endsAt: end });
  });

  it('may not contain a price that is not a number, not even the first one', () => {
    expect(() => indicators.sma([Number.NaN, 1, 2], { period: 2 })).toThrow('prices[0]: NaN is not a number');
    expect(() => indicators.sma([1, 2, Number.POSITIVE_INFINITY], { period: 2 })).toThrow('prices[2]: Infinity is not a number');
  });

  it('may contain fees, but no price step of 0', () => {
    expect(() => marketFrom({ market: 'probability', tick: 0 })).toThrow('market.tick: 0 is not a valid price step');
    const fees = { model: 'flat', rate: 0.02 } as const;
    expect(marketFrom({ market: 'probability', fees }).fees).toEqual(fees);
    expect(() => marketFrom({ market: 'probability', fees: { ...fees, exponent: 2 } })).toThrow('market.fees: only the model');
  });

  it('may have times that do not start at 0, and a single trial', () => {
    const day = 86_400_000;
    const measured = metrics.ofReturns([0.1, 0.2], { times: [-day, 0], trials: 1 });
    expect(measured).toMatchObject({ returns: 2 });
    expect(metrics.ofForecasts([0.5, 0.5], [1, 0])).toMatchObject({ forecasts: 2, brier: 0.25 });
    expect(metrics.ofForecasts([0, 1], [0, 1])).toMatchObject({ forecasts: 2, brier: 0 });
  });

  it('may not have periods per year of 0 or less', () => {
    for (const periodsPerYear of [0, -1, Number.POSITIVE_INFINITY, Number.NaN])
      expect(() => metrics.ofReturns([0.1, 0.2], { periodsPerYear })).toThrow('is not a positive number');
  });
});
