import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backtestData } from '../../src/backtest/engine/backtest-data.ts';
import { plainMarket } from '../../src/backtest/engine/market.ts';
import { type BacktestOptions, DEFAULT_OPTIONS, termsOf } from '../../src/backtest/engine/options.ts';
import { marketForecasts } from '../../src/backtest/metrics/calibration.ts';
import { decodeEquity, decodeTrades, encodeEquity, encodeTrades, MAX_POINTS, thinned } from '../../src/backtest/record/curve-columns.ts';
import type { Fields } from '../../src/backtest/record/fields.ts';
import { decodeMetrics, encodeCalibration, encodeMetrics, rankedSharpe } from '../../src/backtest/record/metrics-column.ts';
import {
  decodePassport,
  encodePassport,
  type StoredPassport,
  shortPassport,
  tradingTerms,
} from '../../src/backtest/record/passport-column.ts';
import {
  decodeWalkCurves,
  decodeWalkForward,
  encodeNoWalkForward,
  encodeWalkForward,
} from '../../src/backtest/record/walk-forward-columns.ts';
import { optionsFor, runBacktest } from '../../src/backtest/run-backtest.ts';
import { shippedStrategies } from '../../src/backtest/strategies/registry.ts';
import { momentum } from '../../src/backtest/strategies/shipped.ts';
import { walkForward } from '../../src/backtest/walk-forward/walk-forward.ts';
import { worlds } from '../support/worlds.ts';
import { DAY, walk } from './series.ts';

/** Through JSON text, as the database keeps it. */
// oxlint-disable-next-line typescript/no-explicit-any
const stored = (value: unknown): any => JSON.parse(JSON.stringify(value));

const results = fc
  .record({
    seed: fc.integer({ min: 1, max: 999 }),
    length: fc.integer({ min: 2, max: 2500 }),
    strategy: fc.constantFrom(...shippedStrategies),
    payout: fc.constantFrom(null, 0, 1, 0.5),
    proofCuts: fc.constantFrom(0, 2),
    overfitting: fc.constantFrom(null, 0.25),
  })
  .map(({ seed, length, strategy, payout, proofCuts, overfitting }) => {
    const candles = walk(length, seed, { probability: true });
    const market = {
      ...plainMarket('probability'),
      resolution: payout === null ? ({ kind: 'open' } as const) : ({ kind: 'settled', payout, at: null } as const),
    };
    return { candles, market, overfitting, result: runBacktest({ candles, strategy, market, options: { side: 'both', proofCuts } }) };
  });

describe('a stored backtest', () => {
  it('reads back as what was written', () => {
    fc.assert(
      fc.property(results, ({ candles, market, result, overfitting }) => {
        const { metrics, weak, sample, lookAhead, benchmark } = result;
        const terms = termsOf(market, { ...DEFAULT_OPTIONS, side: 'both' });
        const forecasts = overfitting === null ? undefined : marketForecasts(candles.close, 1);
        expect(decodeMetrics(stored(encodeMetrics(result, { overfitting, forecasts, terms })))).toEqual({
          failed: null,
          metrics,
          undefined: result.undefined,
          weak,
          sample,
          sharpeError: result.standardErrors.sharpe,
          lookAhead: lookAhead === null ? null : { changed: lookAhead.changed, of: lookAhead.of, deterministic: true },
          benchmark: {
            holdReturn: benchmark.buyAndHold.totalReturn,
            skill: benchmark.skill,
            undefined: benchmark.undefined,
            weak: benchmark.weak,
          },
          cut: result.cut,
          unfilled: result.unfilled,
          spreads: result.spreads,
          terms: { differs: terms.differs },
          provable: result.provable,
          notProvable: result.notProvable,
          overfitting,
          forecasts: forecasts ?? null,
          calibration: [],
        });
        const trades = decodeTrades(stored(encodeTrades(candles, result.trades)));
        expect(trades).toEqual(
          result.trades.map(({ entryBar, exitBar, pnl, ...trade }) => ({
            ...trade,
            // JSON has no −0
            pnl: pnl + 0,
            entryTime: candles.openTime[entryBar],
            exitTime: candles.openTime[exitBar],
          })),
        );
        const points = decodeEquity(stored(encodeEquity(candles.openTime, result.equity)));
        expect(points.at(-1)).toEqual({ time: candles.openTime[candles.length - 1], equity: metrics.finalEquity });
        if (candles.length <= MAX_POINTS) expect(points.map(({ equity }) => equity)).toEqual([...result.equity]);
        else expect(points.length).toBeLessThanOrEqual(MAX_POINTS);
        const passport = decodePassport(
          stored(encodePassport(candles, result.passport, { basis: 'b', leftOut: 7, params: result.params, twin: 'predict:7' })),
        );
        expect(passport).toEqual({
          ...result.passport,
          basis: 'b',
          bars: candles.length,
          from: candles.openTime[0],
          to: candles.openTime[candles.length - 1],
          leftOut: 7,
          twin: 'predict:7',
        });
        expect(tradingTerms(passport as StoredPassport)).toContain('7 older bars left out');
        expect(tradingTerms(passport as StoredPassport)).toContain('looks at the twin predict:7');
        expect(shortPassport(passport)).toBe(result.passport.id.slice(0, 16));
      }),
      { numRuns: worlds(30) },
    );
  });

  it('states its trading terms in words', () => {
    const place = { id: 'p', data: 'd', code: 'c', seed: 1, basis: 'b', bars: 48, from: 0, to: 2 * DAY, leftOut: 0, twin: null };
    const terms = (options: Partial<BacktestOptions>) =>
      tradingTerms({ ...place, settings: JSON.stringify({ options: { ...DEFAULT_OPTIONS, maxVolumeShare: null, ...options } }) });
    expect(terms({})).toBe(
      'cash 10000, all cash in each entry, long only, no spread known or requested, no volume cap, 48 bars from 1970-01-01 to 1970-01-03',
    );
    const asked = { spread: 0.002, halfSpread: 0.01, slippageTicks: 2, maxVolumeShare: 0.1, side: 'both' } as const;
    expect(terms({ ...asked, cash: 500, sizing: { kind: 'fraction', fraction: 0.25 } })).toBe(
      'cash 500, 25 % of the cash in each entry, long and short, half-spread 0.01 on every fill, spread 0.002 on entries, slippage of 2 ticks, at most 10 % of a bar’s volume, 48 bars from 1970-01-01 to 1970-01-03',
    );
    expect(terms({ sizing: { kind: 'fixed', units: 3 } })).toContain('cash 10000, 3 units in each entry, long only');
    expect(tradingTerms({ ...place, settings: 'by hand' })).toBeNull();
  });

  it('is drawn with at most as many points as a chart has, the last point included', () => {
    const points = Array.from({ length: 4999 }, (_, i) => ({ time: i, equity: i }));
    const few = thinned(points, 1000);
    expect(few.length).toBeLessThanOrEqual(1001);
    expect(few.at(-1)).toEqual(points.at(-1));
    expect(thinned(few, 5000)).toBe(few);
  });

  it('reads back its calibration', () => {
    const bin = { from: 0.1, to: 0.2, count: 4, markets: 2, meanForecast: 0.15, hitRate: 0.25, wilsonLow: 0.1, wilsonHigh: 0.6 };
    expect(decodeMetrics({ calibration: stored(encodeCalibration([bin])) }).calibration).toEqual([bin]);
  });

  it('reads missing or malformed fields as unknown', () => {
    expect(decodeMetrics({ lookAhead: { changed: 'x' }, weak: 3, calibration: [{ from: 1 }], sample: { days: 1 } })).toMatchObject({
      metrics: { sharpe: null },
      undefined: {},
      weak: {},
      sample: null,
      lookAhead: null,
      calibration: [],
    });
    expect([decodeTrades(null), decodeTrades([1, 'x', {}]), decodeEquity('x'), decodePassport({})]).toEqual([[], [], [], null]);
  });

  it('is ranked by its Sharpe ratio unless that ratio is weak', () => {
    expect(rankedSharpe(decodeMetrics({ sharpe: 7.22, weak: { sharpe: '7 daily returns, fewer than 30' } }))).toBeNull();
    expect(rankedSharpe(decodeMetrics({ sharpe: 1.2, weak: { winRate: '3 trades, fewer than 10' } }))).toBe(1.2);
  });
});

describe('a stored walk-forward', () => {
  const parts = { trainMs: 20 * DAY, testMs: 5 * DAY };
  const candles = walk(24 * 90, 7);
  const market = plainMarket('asset');
  const trials = [3, 12, 24].map((period) => ({ strategy: momentum, params: { period, threshold: 0 } }));
  const result = walkForward(backtestData(candles, market), trials, optionsFor(market), parts);

  it('reads back as what was written, with curves no finer than a chart can show', () => {
    const column = stored(encodeWalkForward(result, { ...parts, trials: 3 }));
    const read = decodeWalkForward(column.result);
    expect(read).toMatchObject({ ...parts, trials: 3, skipped: [], overfitting: result.overfitting, undefined: {}, weak: {} });
    const short = walkForward(backtestData(walk(24 * 50, 7), market), trials, optionsFor(market), parts);
    expect(decodeWalkForward(stored(encodeWalkForward(short, { ...parts, trials: 3 })).result)).toMatchObject({
      overfitting: short.overfitting,
      weak: { overfitting: '50 daily returns, fewer than 30 in each half' },
    });
    for (const [i, { inSample, outOfSample, ...window }] of read.windows.entries()) {
      const { inSample: before, outOfSample: after, ...same } = result.windows[i];
      expect(window).toEqual(same);
      for (const [kept, whole] of [
        [inSample, before],
        [outOfSample, after],
      ] as const) {
        const { totalReturn, sharpe, maxDrawdown, trades: taken, standardErrors } = whole;
        expect(kept).toMatchObject({ totalReturn, sharpe, maxDrawdown, trades: taken, sharpeError: standardErrors.sharpe });
        expect(whole.weak).toMatchObject(kept.weak);
      }
    }
    expect(read.outOfSample?.deflatedSharpe).toBe(result.outOfSample.deflatedSharpe);
    expect(read.outOfSample?.spreads).toEqual(result.outOfSample.spreads);
    expect(read.terms).toEqual({ differs: result.terms.differs });
    const curves = decodeWalkCurves(column.curves);
    // the record keeps every second of 1680 test bars, and every eighth of the 480 bars of each training part
    expect(curves.outOfSample).toHaveLength(840);
    expect(curves.inSample.map((points) => points.length)).toEqual(result.windows.map(() => 60));
    expect(curves.outOfSample.at(-1)?.equity).toBeCloseTo(1 + (result.outOfSample.totalReturn ?? Number.NaN), 6);
    expect(curves.inSample.map((points) => points.at(-1)?.equity)).toEqual(
      result.windows.map(({ inSample }) => expect.closeTo(1 + (inSample.totalReturn ?? Number.NaN), 6)),
    );
    // 14 windows
    expect(JSON.stringify(column).length).toBeLessThan(120_000);
  });

  it('keeps the windows that were left out and the trials that failed, each with the reason', () => {
    const skipped = [{ trainFrom: 0, trainTo: DAY, testFrom: DAY, testTo: 2 * DAY, because: 'fewer than two bars in the test part' }];
    const failed = [{ strategy: 'mine', params: { slow: 3, b: 1, a: 2 }, because: "strategy 'mine' at bar 3: no book" }];
    const column = stored(encodeWalkForward({ ...result, skipped, failed }, { ...parts, trials: 3 }));
    // as a database gives them back
    column.result.failed[0].params = { a: 2, b: 1, slow: 3 };
    const read = decodeWalkForward(column.result);
    expect(read).toMatchObject({ skipped, failed, trials: 2 });
    expect(Object.keys(read.failed[0].params)).toEqual(['slow', 'b', 'a']);
    expect(decodeWalkForward({ skipped: [1, { because: 'x' }, ...skipped] }).skipped).toEqual(skipped);
    expect(decodeWalkForward({ skipped: [{ ...skipped[0], because: 3 }] }).skipped).toEqual([{ ...skipped[0], because: '' }]);
    const none = stored(encodeNoWalkForward(failed[0].because, { ...parts, trials: 2 }, failed));
    expect(decodeWalkForward(none.result)).toMatchObject({ failed, windows: [], undefined: { windows: failed[0].because } });
  });

  it('states why it is absent, and reads an invalid column as absent', () => {
    const column = stored(encodeNoWalkForward('the candles span 3 days', { ...parts, trials: 1 }));
    expect(decodeWalkForward(column.result)).toMatchObject({
      windows: [],
      outOfSample: null,
      undefined: { windows: 'the candles span 3 days' },
    });
    expect(decodeWalkCurves(column.curves)).toEqual({ outOfSample: [], inSample: [] });
    for (const nothing of [{}, { windows: [1, {}, { trainFrom: 'x' }], outOfSample: 3 }] as Fields[])
      expect(decodeWalkForward(nothing).windows).toEqual([]);
  });
});
