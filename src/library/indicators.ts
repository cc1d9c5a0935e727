import type { CandleSeries } from '../backtest/engine/candle-series.ts';
import type { Bands } from '../backtest/indicators/indicators.ts';
import { checkedIndicatorParams, type IndicatorName, type IndicatorParams, indicatorValues } from '../backtest/indicators/registry.ts';
import { badInput } from '../contracts/errors.ts';

/** Candles, or closing prices alone. */
export type Prices = CandleSeries | ArrayLike<number>;

/**
 * Indicators over a whole series: one value per bar, NaN during warm-up; the value of bar i depends only on bars up to i. Definitions of
 * TA-Lib and Wilder: the EMA is seeded with the SMA, deviations are population deviations, donchian covers the previous bars.
 *
 * @example
 * const { upper, lower } = indicators.bollinger(series, { period: 20, deviations: 2 });
 * const strength = indicators.rsi([0.4, 0.42, 0.41, 0.45], { period: 3 });
 */
export const indicators = {
  /** Simple moving average: mean of the last `period` closes. @example indicators.sma(series, { period: 20 }) */
  sma: (prices: Prices, params: { readonly period?: number } = {}): Float64Array => line('sma', prices, params),
  /** Exponential moving average, α = 2/(period + 1), seeded with the SMA. @example indicators.ema(series, { period: 20 }) */
  ema: (prices: Prices, params: { readonly period?: number } = {}): Float64Array => line('ema', prices, params),
  /** Wilder's relative strength index, 0 to 100. @example indicators.rsi(series, { period: 14 }) */
  rsi: (prices: Prices, params: { readonly period?: number } = {}): Float64Array => line('rsi', prices, params),
  /** Rate of change over `period` bars in percent. @example indicators.roc(series, { period: 10 }) */
  roc: (prices: Prices, params: { readonly period?: number } = {}): Float64Array => line('roc', prices, params),
  /** Population standard deviation of the last `period` closes. @example indicators.stddev(series, { period: 20 }) */
  stddev: (prices: Prices, params: { readonly period?: number } = {}): Float64Array => line('stddev', prices, params),
  /** Bollinger bands: SMA ± `deviations` population standard deviations. @example indicators.bollinger(series, { period: 20, deviations: 2 }) */
  bollinger: (prices: Prices, params: { readonly period?: number; readonly deviations?: number } = {}): Bands =>
    channel('bollinger', prices, params),
  /** Wilder's average true range. @example indicators.atr(series, { period: 14 }) */
  atr: (series: CandleSeries, params: { readonly period?: number } = {}): Float64Array => line('atr', series, params),
  /** Donchian channel: highest high and lowest low of the `period` bars before each bar. @example indicators.donchian(series, { period: 20 }) */
  donchian: (series: CandleSeries, params: { readonly period?: number } = {}): Bands => channel('donchian', series, params),
} as const;

const line = (name: IndicatorName, prices: Prices, params: object): Float64Array => compute(name, prices, params) as Float64Array;
const channel = (name: IndicatorName, prices: Prices, params: object): Bands => compute(name, prices, params) as Bands;

function compute(name: IndicatorName, prices: Prices, params: object): Float64Array | Bands {
  const checked = checkedIndicatorParams(name, params as IndicatorParams<IndicatorName>);
  return indicatorValues(name, 'close' in prices ? prices : flat(prices), checked);
}

function flat(prices: ArrayLike<number>): CandleSeries {
  const close = Float64Array.from(prices);
  const bad = close.findIndex((price) => !Number.isFinite(price));
  if (bad >= 0) throw badInput(`prices[${bad}]: ${String(prices[bad])} is not a number; repair or remove it`);
  const openTime = close.map((_, i) => i);
  return {
    length: close.length,
    openTime,
    open: close,
    high: close,
    low: close,
    close,
    volume: new Float64Array(close.length).fill(Number.NaN),
  };
}
