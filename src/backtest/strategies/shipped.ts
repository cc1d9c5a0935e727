import { z } from 'zod';
import type { Reading } from '../indicators/indicators.ts';
import { defineStrategy, type Signal } from '../strategy.ts';

/** Schema of a parameter that is a number of bars. */
export const periodOf = (usual: number): z.ZodDefault<z.ZodInt> => z.int().min(1).max(1_000_000).default(usual);

/** Schema rule: reports `fast` unless it is below `slow`. */
export function fastBelowSlow(params: { fast: number; slow: number }, context: z.RefinementCtx): void {
  if (params.fast >= params.slow) {
    context.addIssue({ code: 'custom', path: ['fast'], message: `must be below slow, got fast ${params.fast} and slow ${params.slow}` });
  }
}

/** Schema rule: reports `low` unless it is below `high`. */
export function lowBelowHigh(params: { low: number; high: number }, context: z.RefinementCtx): void {
  if (params.low >= params.high) {
    context.addIssue({ code: 'custom', path: ['low'], message: `must be below high, got low ${params.low} and high ${params.high}` });
  }
}

/** Relative tolerance for the rounding error of decimals in binary floating point. */
const ROUNDING = 1e-12;

/**
 * Whether a value is above a level by more than a rounding error. Prices are on a tick grid, so averages of prices are often equal, and a
 * price is often exactly at a threshold: the last binary digit must not decide.
 */
export const isAbove = (value: number, level: number): boolean => value - level > ROUNDING * Math.max(Math.abs(value), Math.abs(level));

/**
 * The signal of a cross of two series: `long` at bar i when fast[i−1] < slow[i−1] and fast[i] > slow[i] by more than a rounding error,
 * `short` for the reverse, else `hold`. Values are NaN during warm-up, so the first possible cross is one bar after both series have a value.
 */
export function crossing(fast: Reading, slow: Reading): Signal {
  const now = fast.at() - slow.at();
  const before = fast.at(1) - slow.at(1);
  // most bars: no change of sides, or no value yet
  if (!(now * before < 0)) return 'hold';
  if (now > 0) return isAbove(fast.at(), slow.at()) && isAbove(slow.at(1), fast.at(1)) ? 'long' : 'hold';
  return isAbove(slow.at(), fast.at()) && isAbove(fast.at(1), slow.at(1)) ? 'short' : 'hold';
}

/** `buy-and-hold`: buys at the open of the second bar and holds. */
export const buyAndHold = defineStrategy({
  name: 'buy-and-hold',
  summary: 'Buys at the open of the second bar and holds',
  params: z.strictObject({}),
  create: (_params, bars) => () => (bars.index === 0 ? 'long' : 'hold'),
});

/** `sma-cross`: long when the fast moving average crosses above the slow one, short when it crosses below. */
export const smaCross = defineStrategy({
  name: 'sma-cross',
  summary: 'Long when the fast moving average crosses above the slow one, out (or short) when it crosses below',
  params: z.strictObject({ fast: periodOf(10), slow: periodOf(30) }).superRefine(fastBelowSlow),
  create({ fast, slow }, bars) {
    const quick = bars.indicator('sma', { period: fast });
    const steady = bars.indicator('sma', { period: slow });
    return () => crossing(quick, steady);
  },
});

/** `ema-cross`: long when the fast exponential average crosses above the slow one, short when it crosses below. */
export const emaCross = defineStrategy({
  name: 'ema-cross',
  summary: 'Long when the fast exponential average crosses above the slow one, out (or short) when it crosses below',
  params: z.strictObject({ fast: periodOf(10), slow: periodOf(30) }).superRefine(fastBelowSlow),
  create({ fast, slow }, bars) {
    const quick = bars.indicator('ema', { period: fast });
    const steady = bars.indicator('ema', { period: slow });
    return () => crossing(quick, steady);
  },
});

const level = (usual: number): z.ZodDefault<z.ZodNumber> => z.number().min(0).max(100).default(usual);

/** `rsi`: buys when Wilder’s index is oversold, sells when it is overbought. */
export const rsiStrategy = defineStrategy({
  name: 'rsi',
  summary: "Long while Wilder's RSI has last been below `low`, out (or short) once it is above `high`",
  params: z.strictObject({ period: periodOf(14), low: level(30), high: level(70) }).superRefine(lowBelowHigh),
  create({ period, low, high }, bars) {
    const strength = bars.indicator('rsi', { period });
    return () => {
      const now = strength.at();
      if (isAbove(low, now)) return 'long';
      return isAbove(now, high) ? 'short' : 'hold';
    };
  },
});

/** `bollinger`: buys after a close below the lower band, sells after a close above the upper one. */
export const bollingerStrategy = defineStrategy({
  name: 'bollinger',
  summary: 'Long after a close below the lower band, out (or short) after a close above the upper one',
  params: z.strictObject({ period: periodOf(20), deviations: z.number().positive().default(2) }),
  create({ period, deviations }, bars) {
    const band = bars.indicator('bollinger', { period, deviations });
    return () => {
      const close = bars.close();
      if (isAbove(band.lower.at(), close)) return 'long';
      return isAbove(close, band.upper.at()) ? 'short' : 'hold';
    };
  },
});

/** `breakout`: long or short after a close beyond the highest high or lowest low of the previous bars. */
export const breakout = defineStrategy({
  name: 'breakout',
  summary: 'Long after a close above the highest high of the `period` bars before, out (or short) after one below their lowest low',
  params: z.strictObject({ period: periodOf(20) }),
  create({ period }, bars) {
    const channel = bars.indicator('donchian', { period });
    return () => {
      const close = bars.close();
      if (close > channel.upper.at()) return 'long';
      return close < channel.lower.at() ? 'short' : 'hold';
    };
  },
});

/** `momentum`: long after a rise by more than a threshold, short after a fall by more. */
export const momentum = defineStrategy({
  name: 'momentum',
  summary: 'Long when the price rose by more than `threshold` (a fraction) over `period` bars, out (or short) when it fell by more',
  params: z.strictObject({ period: periodOf(20), threshold: z.number().min(0).default(0) }),
  create({ period, threshold }, bars) {
    const change = bars.indicator('roc', { period });
    const percent = threshold * 100;
    return () => {
      const now = change.at();
      if (isAbove(now, percent)) return 'long';
      return isAbove(-percent, now) ? 'short' : 'hold';
    };
  },
});

/** `favourite`: buys the first outcome at or above a probability and holds it to resolution. */
export const favourite = defineStrategy({
  name: 'favourite',
  summary: 'Buys the first outcome at the first close at or above `threshold` and holds it to resolution',
  params: z.strictObject({ threshold: z.number().positive().default(0.6) }),
  create:
    ({ threshold }, bars) =>
    () =>
      bars.close() >= threshold ? 'long' : 'hold',
});
