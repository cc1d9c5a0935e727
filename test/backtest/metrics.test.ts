import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  calibration,
  calibrationError,
  calibrationOfMarkets,
  marketForecasts,
  wilsonInterval,
} from '../../src/backtest/metrics/calibration.ts';
import { dailyReturns, maxDrawdown, tradeMetrics } from '../../src/backtest/metrics/curve-metrics.ts';
import { normalCdf, normalQuantile, seededRandom } from '../../src/backtest/metrics/distributions.ts';
import { brier, logLoss } from '../../src/backtest/metrics/forecast-scores.ts';
import { probabilityOfOverfitting } from '../../src/backtest/metrics/overfitting.ts';
import { expectedBestSharpe, sharpeSpread, trialsOf } from '../../src/backtest/metrics/ratios.ts';
import { measureReturns } from '../../src/backtest/metrics/return-metrics.ts';
import { weakHalves, weakOutcomes } from '../../src/backtest/metrics/sample.ts';
import { DAY, HOUR } from './series.ts';

const percents = (...list: number[]): Float64Array => Float64Array.from(list, (value) => value / 100);
const days = (count: number): Float64Array => Float64Array.from({ length: count }, (_, i) => i * DAY);
const measured = (returns: Float64Array, options?: Parameters<typeof measureReturns>[1]) =>
  measureReturns({ time: days(returns.length), returns }, options);

describe('metrics of returns, compared with the figures of empyrical (252 days a year)', () => {
  it('agree for mixed returns whose first row is empty', () => {
    const { values } = measured(percents(Number.NaN, 1, 10, -4, 2, 3, 2, 1, -10), { periodsPerYear: 252 });
    expect(values.sharpe).toBeCloseTo(1.7238613961706866, 12);
    expect(values.sortino).toBeCloseTo(2.605531251673693, 12);
    expect(values.cagr).toBeCloseTo(1.9135925373194231, 12);
    expect(values.volatility).toBeCloseTo(0.9136465399704637, 12);
    expect(values.calmar).toBeCloseTo(19.135925373194233, 11);
    expect(values.maxDrawdown).toBeCloseTo(-0.1, 14);
  });

  it('agree for returns that are never positive', () => {
    const { values } = measured(percents(0, -6, -7, -1, -9, -2, -6, -8, -5), { periodsPerYear: 252 });
    expect(values.sharpe).toBeCloseTo(-24.406808633910085, 11);
    expect(values.sortino).toBeCloseTo(-13.532743075043401, 11);
    expect(values.maxDrawdown).toBeCloseTo(-0.3659073, 7);
  });

  it('measure the drawdown from the start when the first day loses', () => {
    expect(measured(percents(-2, -6, -7, -1, -9, -2, -6, -8, -5)).values.maxDrawdown).toBeCloseTo(-0.378589157, 9);
    expect(measured(percents(10, -10, 10)).values.maxDrawdown).toBeCloseTo(-0.1, 14);
  });

  it('agree for positive returns, where a ratio without a loss is undefined', () => {
    const { values, reasons } = measured(percents(1, 2, 1, 1, 1, 1, 1, 1, 1), { periodsPerYear: 252 });
    expect(values.sharpe).toBeCloseTo(52.915026221291804, 10);
    expect(values.sortino).toBeNull();
    expect(reasons.sortino).toBe('no return is below zero');
    expect(reasons.calmar).toBe('there is no drawdown');
  });

  it('are undefined when they overflow, with the reason', () => {
    const { values, reasons } = measured(Float64Array.from([1e200, 1e200]));
    expect(values.cagr).toBeNull();
    expect(reasons.cagr).toBe('too large for a number');
  });

  it('have no ratio for returns that do not vary, rather than an infinite one', () => {
    const { values, reasons } = measured(percents(1, 1, 1, 1, 1, 1, 1, 1, 1));
    expect(values.sharpe).toBeNull();
    expect(reasons.sharpe).toBe('the returns do not vary');
    expect(values.volatility).toBe(0);
  });

  it('have no deviation for a single return', () => {
    const { values, reasons } = measured(percents(1));
    expect(values).toMatchObject({ sharpe: null, volatility: null, cagr: null });
    expect(reasons).toMatchObject({ sharpe: 'needs at least two returns', sortino: 'needs at least two returns' });
    const after = measured(percents(Number.NaN, 1));
    expect(after.values).toMatchObject({ sharpe: null, sortino: null, cagr: null, calmar: null, volatility: null });
  });

  it('count calendar years of 365.25 days unless periods per year are given', () => {
    const returns = percents(...Array.from({ length: 730 }, () => 0.1));
    const growth = 1.001 ** 730;
    expect(measured(returns).values.cagr).toBeCloseTo(growth ** (365.25 / 730) - 1, 12);
    expect(measured(returns, { periodsPerYear: 365 }).values.cagr).toBeCloseTo(growth ** (365 / 730) - 1, 12);
  });
});

describe('the sample behind a metric', () => {
  const swing = (count: number): Float64Array => Float64Array.from({ length: count }, (_, i) => (i % 3) / 100 - 0.008);

  it('makes ratios weak below 30 returns, and growth weak below 90 days; the values stay', () => {
    const { values, weak, sample } = measured(swing(6));
    expect(sample).toEqual({ returns: 6, days: 6 });
    expect(weak).toEqual({
      cagr: '6 days, fewer than 90',
      calmar: '6 days, fewer than 90',
      sharpe: '6 returns, fewer than 30',
      sortino: '6 returns, fewer than 30',
      volatility: '6 returns, fewer than 30',
      probabilisticSharpe: '6 returns, fewer than 30',
    });
    expect(values.sharpe).not.toBeNull();
    expect(Object.keys(measured(swing(29)).weak)).toContain('sharpe');
    expect(Object.keys(measured(swing(30)).weak)).toEqual(['cagr', 'calmar']);
    expect(Object.keys(measured(swing(89)).weak)).toEqual(['cagr', 'calmar']);
    expect(measured(swing(90)).weak).toEqual({});
  });

  it('makes a ratio weak when only one return is not zero, since it is then √(A/n) whatever happened', () => {
    const lone = new Float64Array(400);
    lone[100] = -0.3;
    const { values, weak } = measured(lone);
    expect(values.sharpe).toBeCloseTo(-Math.sqrt(365 / 400), 9);
    expect(weak.sharpe).toBe('only 1 of 400 returns is not 0');
    lone[200] = 0.2;
    expect(measured(lone).weak).toEqual({});
  });

  it('gives a Sharpe ratio its standard error, about √(A/n) for small ratios, as in a simulation', () => {
    const random = seededRandom(5);
    const normal = (): number => normalQuantile(random() || 0.5);
    const ratios: number[] = [];
    const errors: number[] = [];
    for (let round = 0; round < 300; round++) {
      const { values, standardErrors } = measured(Float64Array.from({ length: 250 }, () => 0.0005 + 0.01 * normal()));
      ratios.push(values.sharpe as number);
      errors.push(standardErrors.sharpe as number);
    }
    const mean = ratios.reduce((sum, value) => sum + value, 0) / 300;
    const spread = Math.sqrt(ratios.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 299);
    const stated = errors.reduce((sum, value) => sum + value, 0) / 300;
    expect(stated / spread).toBeGreaterThan(0.9);
    expect(stated / spread).toBeLessThan(1.1);
  });

  it.each([
    ['days', days(40), 365, 'the step of 1 day between rows'],
    ['hours', Float64Array.from({ length: 40 }, (_, i) => i * HOUR), 8760, 'the step of 1 hour between rows'],
    ['weeks', Float64Array.from({ length: 40 }, (_, i) => i * 7 * DAY), 365 / 7, 'the step of 7 days between rows'],
    ['one row', days(1), 365, 'nothing: one row has no step, days are assumed'],
  ])('gives the periods per year by the step between rows: %s', (_name, time, value, from) => {
    expect(measureReturns({ time, returns: new Float64Array(time.length).fill(0.01) }).periodsPerYear).toEqual({ value, from });
  });

  it('gives the periods per year by the number of rows, so that a year of exchange days does not count as 365', () => {
    const time = days(365).filter((at) => (at / DAY) % 7 < 5);
    const { periodsPerYear } = measureReturns({ time, returns: new Float64Array(time.length).fill(0.01) });
    expect(periodsPerYear.value).toBeCloseTo(260.7, 0);
    expect(periodsPerYear.from).toBe('261 rows in 364 days: the steps between them differ');
    const hourly = (rows: number) =>
      measureReturns({ time: days(rows).map((at) => at / 24), returns: new Float64Array(rows) }).periodsPerYear;
    expect([hourly(1).value, hourly(2).value, hourly(3).value]).toEqual([365, 8760, 8760]);
  });
});

describe('daily returns', () => {
  it('take the last equity of each UTC day and carry it over days without bars', () => {
    const time = Float64Array.from([0, 23 * HOUR, 24 * HOUR, 47 * HOUR, 96 * HOUR]);
    const equity = Float64Array.from([100, 110, 120, 121, 242]);
    expect([...dailyReturns(88, time, equity)].map((value) => Number(value.toFixed(12)))).toEqual([0.25, 0.1, 0, 0, 1]);
  });

  it('begin with the return of the first day from the start, whatever happened on that day', () => {
    expect([...dailyReturns(1, Float64Array.from([0, HOUR]), Float64Array.from([0.5, 0.112]))]).toEqual([expect.closeTo(-0.888, 12)]);
  });

  it('multiply to the total return, however the bars are spread over the days', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ step: fc.integer({ min: 1, max: 60 }), equity: fc.double({ min: 0.1, max: 9, noNaN: true }) }), {
          minLength: 1,
        }),
        (steps) => {
          let at = 0;
          const time = Float64Array.from(steps, ({ step }) => (at += step * HOUR));
          const equity = Float64Array.from(steps, (one) => one.equity);
          const returns = dailyReturns(2, time, equity);
          expect(returns).toHaveLength(Math.floor(time[time.length - 1] / DAY) - Math.floor(time[0] / DAY) + 1);
          expect(returns.reduce((growth, value) => growth * (1 + value), 2)).toBeCloseTo(equity[equity.length - 1], 9);
        },
      ),
    );
  });
});

describe('drawdown and trade metrics', () => {
  it('measure a fall from the start equity as well', () => {
    expect(maxDrawdown(100, Float64Array.from([80, 120, 90]))).toBe(-0.25);
    expect(maxDrawdown(100, Float64Array.from([100, 120, 120]))).toBe(0);
  });

  it('do not count a trade without profit as won', () => {
    expect(tradeMetrics([3, -1, 0, 2])).toEqual({ winRate: 0.5, profitFactor: 5, expectancy: 1 });
    expect(tradeMetrics([1]).profitFactor).toEqual({ because: 'no trade lost money' });
    expect(tradeMetrics([]).winRate).toEqual({ because: 'no trade was closed' });
  });
});

describe('scores of forecasts, compared with scikit-learn', () => {
  const y = Float64Array.from([0, 1, 1, 0]);
  const p = Float64Array.from([0.1, 0.9, 0.8, 0.3]);

  it('agree for the Brier score and the log loss', () => {
    expect(brier(p, y)).toBeCloseTo(0.0375, 14);
    expect(logLoss(p, y)).toBeCloseTo(0.19763488164214868, 14);
    expect(logLoss(Float64Array.from([0.9, 0.1, 0.2, 0.65]), Float64Array.from([1, 0, 0, 1]))).toBeCloseTo(0.21616187468057912, 14);
  });

  it('give a wrong certainty a high but finite loss', () => {
    expect(logLoss(Float64Array.from([1]), Float64Array.from([0]))).toBeCloseTo(36.04365338911715, 9);
  });

  it('agree for a calibration in three ranges', () => {
    const forecasts = Float64Array.from([0.1, 0.2, 0.3, 0.4, 0.65, 0.7, 0.8, 0.9, 1]);
    const outcomes = Float64Array.from([0, 0, 0, 0, 1, 1, 1, 1, 1]);
    const table = calibration(forecasts, outcomes, 3);
    expect(table.map(({ hitRate }) => hitRate)).toEqual([0, 0.5, 1]);
    expect(table.map(({ meanForecast }) => Number(meanForecast.toFixed(12)))).toEqual([0.2, 0.525, 0.85]);
    expect(table.map(({ count }) => count)).toEqual([3, 2, 4]);
    expect(calibrationError(table)).toBeCloseTo(0.13888888888888892, 14);
  });

  it('put every hundredth into the range whose edges contain it', () => {
    const forecasts = Float64Array.from({ length: 101 }, (_, i) => i / 100);
    const table = calibration(forecasts, new Float64Array(101));
    expect(table.map(({ count }) => count)).toEqual([11, 10, 10, 10, 10, 10, 10, 10, 10, 10]);
  });

  it('put an edge where scikit-learn does: (a, b], with 0 in the first range', () => {
    const edges = Float64Array.from([0, 0.1, 0.3, 0.6, 0.7, 1]);
    expect(calibration(edges, new Float64Array(6)).map(({ from, count }) => [from, count])).toEqual([
      [0, 2],
      [0.2, 1],
      [0.5, 1],
      [0.6, 1],
      [0.9, 1],
    ]);
  });

  it('put every forecast into the range that contains it, in spite of rounding', () => {
    const next = (value: number, steps: number): number => {
      const bits = new BigInt64Array(Float64Array.of(value).buffer);
      bits[0] += BigInt(steps);
      return new Float64Array(bits.buffer)[0];
    };
    const near = fc.record({ bins: fc.integer({ min: 2, max: 60 }), edge: fc.nat(), steps: fc.integer({ min: -2, max: 2 }) });
    fc.assert(
      fc.property(near, ({ bins, edge, steps }) => {
        const forecast = next((1 + (edge % (bins - 1))) / bins, steps);
        const [{ from, to }] = calibration(Float64Array.of(forecast), Float64Array.of(1), bins);
        expect(from).toBeLessThan(forecast);
        expect(to).toBeGreaterThanOrEqual(forecast);
      }),
    );
    expect(calibration(Float64Array.of(0.8500000000000001), Float64Array.of(1), 20)[0].from).toBe(0.85);
  });

  it('have calibration intervals that cover 95%, although the closes of one market share one outcome', () => {
    const random = seededRandom(11);
    const normal = (): number => normalQuantile(random() || 0.5);
    let clustered = 0;
    let alone = 0;
    let tables = 0;
    for (let round = 0; round < 120; round++) {
      const markets = Array.from({ length: 40 }, () => {
        // a perfect forecaster: p = P(W₁ > 0 | Wₜ)
        let level = 0;
        const closes = Float64Array.from({ length: 60 }, (_, step) => {
          level += normal() / Math.sqrt(61);
          return normalCdf(level / Math.sqrt(1 - (step + 1) / 61));
        });
        return { closes, outcome: level + normal() / Math.sqrt(61) > 0 ? 1 : 0 };
      });
      const bins = calibrationOfMarkets(markets.map(({ closes, outcome }) => marketForecasts(closes, outcome)));
      const middle = bins.find(({ from }) => from === 0.5);
      if (middle === undefined) continue;
      tables++;
      const holds = ([low, high]: readonly [number, number]): number => (low <= middle.meanForecast && middle.meanForecast <= high ? 1 : 0);
      clustered += holds([middle.wilsonLow, middle.wilsonHigh]);
      alone += holds(wilsonInterval(middle.hitRate, middle.count));
      expect(middle.markets).toBeLessThanOrEqual(40);
      expect(middle.count).toBeGreaterThan(middle.markets as number);
    }
    expect(tables).toBe(120);
    expect(clustered / tables).toBeGreaterThan(0.9);
    // what taking each close for an outcome of its own promised
    expect(alone / tables).toBeLessThan(0.6);
  });

  it('are the same for markets with one forecast each as for independent forecasts', () => {
    const table = calibration(p, y);
    const markets = [...p].map((forecast, i) => marketForecasts(Float64Array.from([forecast]), y[i]));
    expect(calibrationOfMarkets(markets)).toEqual(table.map((bin) => ({ ...bin, markets: 1 })));
  });

  it('have a Wilson interval that stays inside 0..1 and is wide for small samples', () => {
    const [low, high] = wilsonInterval(0, 10);
    expect(low).toBe(0);
    expect(high).toBeCloseTo(0.2775327998628892, 12);
    // 5 of 10: the textbook's 0.2366–0.7634
    expect(wilsonInterval(0.5, 10).map((value) => Number(value.toFixed(4)))).toEqual([0.2366, 0.7634]);
  });
});

describe('the normal distribution', () => {
  it.each([
    [0, 0.5],
    [1, 0.8413447460685429],
    [-1.959963984540054, 0.025],
    [-5, 2.866515718791939e-7],
    [-10, 7.619853024160527e-24],
    [3.5, 0.9997673709209645],
  ])('has the published value of Φ(%d)', (x, expected) => {
    expect(normalCdf(x) / expected).toBeCloseTo(1, 12);
  });

  it('is inverted by its quantile function', () => {
    for (const p of [1e-12, 0.001, 0.0242, 0.3, 0.5, 0.9, 0.999]) expect(normalCdf(normalQuantile(p)) / p).toBeCloseTo(1, 10);
    expect(normalQuantile(0.975)).toBeCloseTo(1.959963984540054, 12);
    expect([0, 1, -0.1, 1.1, Number.NaN].map(normalQuantile)).toEqual([
      Number.NEGATIVE_INFINITY,
      Number.POSITIVE_INFINITY,
      Number.NaN,
      Number.NaN,
      Number.NaN,
    ]);
  });
});

describe('the deflated Sharpe ratio and the probability of overfitting', () => {
  const noise = (seed: number, count = 250, drift = 0): Float64Array => {
    const random = seededRandom(seed);
    return Float64Array.from({ length: count }, () => (random() - 0.5) * 0.02 + drift);
  };

  it('give the published value for 100 trials with variance 1/2 a year', () => {
    // Bailey & López de Prado 2014: V = 1/2 (annual), N = 100, 250 days a year: SR0 = 0.1132 a day
    expect(expectedBestSharpe(100, Math.sqrt(0.5 / 250))).toBeCloseTo(0.1132, 4);
  });

  it('fall as more is tried: the deflated ratio of one trial is the probabilistic one', () => {
    const deflated = (trials: number): number => measured(noise(1, 250, 0.001), { trials }).values.deflatedSharpe ?? Number.NaN;
    expect(deflated(1)).toBe(measured(noise(1, 250, 0.001)).values.probabilisticSharpe);
    expect(deflated(10)).toBeLessThan(deflated(2));
    expect(deflated(1000)).toBeLessThan(deflated(10));
  });

  it.each([
    ['a long left tail', percents(1, 10, -4, 2, 3, 2, 1, -10), 0.6106203604025079, 0.10406399726374399, 6.136129669606653],
    ['a long right tail', percents(-1, -2, 1, 30, -1, 2, -3, 1), 0.8899251257063112, 0.1296480749677491, 4.01310201013523],
  ])('take skewness and tails into account as scipy does: %s', (_, returns, probabilistic, deflated, error) => {
    const { values, standardErrors } = measured(returns, { periodsPerYear: 252, trials: 10 });
    expect(values.probabilisticSharpe).toBeCloseTo(probabilistic, 12);
    expect(values.deflatedSharpe).toBeCloseTo(deflated, 12);
    expect(standardErrors.sharpe).toBeCloseTo(error, 12);
  });

  it('leave out the deflated ratio when the number of trials is not given', () => {
    expect(measured(noise(1)).values.deflatedSharpe).toBeNull();
  });

  it('use the spread of the trials’ own ratios, and count trials that never traded', () => {
    expect(trialsOf([0.1, 0.2, 0.3, Number.NaN])).toEqual({ count: 4, spread: expect.closeTo(0.1, 12) });
    expect(trialsOf([0.1])).toEqual({ count: 1 });
  });

  it('give overfitting a probability of 0 for a trial that is better everywhere, and of about a half for noise', () => {
    const strategies = Array.from({ length: 20 }, (_, i) => noise(i + 1));
    expect(probabilityOfOverfitting([...strategies, noise(99, 250, 0.02)])).toBe(0);
    const tosses = Array.from({ length: 30 }, (_, round) =>
      probabilityOfOverfitting(Array.from({ length: 10 }, (_, i) => noise(round * 100 + i + 1))),
    ) as number[];
    const mean = tosses.reduce((sum, value) => sum + value, 0) / tosses.length;
    expect(mean).toBeGreaterThan(0.35);
    expect(mean).toBeLessThan(0.65);
  });

  it('require two trials and twenty days for the probability of overfitting', () => {
    expect(probabilityOfOverfitting([noise(1)])).toEqual({ because: 'needs at least two trials' });
    expect(probabilityOfOverfitting([noise(1, 5), noise(2, 5)])).toEqual({ because: 'needs at least 20 daily returns, there are 5' });
  });
});

it('the error of a Sharpe ratio is unknown where its variance is not above 0', () => {
  const moments = { count: 50, nonZero: 50, mean: 2, deviation: 1, downsideSquare: 0, skewness: 1 };
  expect(sharpeSpread({ ...moments, kurtosis: 2 })).toHaveProperty('because');
  expect(sharpeSpread({ ...moments, kurtosis: 1.5 })).toHaveProperty('because');
  expect(sharpeSpread({ ...moments, kurtosis: 3 })).toEqual({ ratio: 2, spread: 1 });
});

it('scores and probabilities are weak below their least sample, and not at it', () => {
  const outcomes = Array.from({ length: 200 }, (_, i) => i).filter((count) => weakOutcomes(count) !== undefined);
  expect(weakOutcomes(outcomes.length - 1)).toBe(`${outcomes.length - 1} outcomes, fewer than ${outcomes.length}`);
  expect(weakOutcomes(outcomes.length)).toBeUndefined();
  const days = Array.from({ length: 200 }, (_, i) => i).filter((count) => weakHalves(count) !== undefined);
  expect(weakHalves(days.length - 1)).toBe(`${days.length - 1} daily returns, fewer than ${days.length / 2} in each half`);
});
