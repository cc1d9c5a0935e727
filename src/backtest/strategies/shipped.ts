import { z } from 'zod';
import type { Reading } from '../indicators/indicators.ts';
import { defineStrategy, type Signal } from '../strategy.ts';

const periodOf = (usual: number): z.ZodDefault<z.ZodInt> => z.int().min(1).max(1_000_000).default(usual);

/** Schema rule that the first parameter must be below the second; otherwise it reports the first. */
const below =
  <Low extends string, High extends string>(low: Low, high: High) =>
  (params: Readonly<Record<Low | High, number>>, context: z.RefinementCtx): void => {
    if (params[low] < params[high]) return;
    context.addIssue({
      code: 'custom',
      path: [low],
      message: `must be below ${high}, got ${low} ${params[low]} and ${high} ${params[high]}`,
    });
  };

/** Relative tolerance for the rounding error of decimals in binary floating point. */
const ROUNDING = 1e-12;

/** Whether a value is above a level by more than a rounding error: averages of prices on a tick grid are often exactly equal. */
export const isAbove = (value: number, level: number): boolean => value - level > ROUNDING * Math.max(Math.abs(value), Math.abs(level));

/**
 * The signal of a cross: `long` when fast[i−1] < slow[i−1] and fast[i] > slow[i] by more than a rounding error, `short` for the reverse,
 * else `hold`. NaN during warm-up, so the first cross is possible one bar after both series have a value.
 */
function crossing(fast: Reading, slow: Reading): Signal {
  const now = fast.at() - slow.at();
  const before = fast.at(1) - slow.at(1);
  // `crossed` handles the rare bars on which the sides change, so that this function is short enough for V8 to inline
  return now * before < 0 ? crossed(fast, slow, now > 0) : 'hold';
}

function crossed(fast: Reading, slow: Reading, up: boolean): Signal {
  if (up) return isAbove(fast.at(), slow.at()) && isAbove(slow.at(1), fast.at(1)) ? 'long' : 'hold';
  return isAbove(slow.at(), fast.at()) && isAbove(fast.at(1), slow.at(1)) ? 'short' : 'hold';
}

/** Strategy `buy-and-hold`. */
export const buyAndHold = defineStrategy({
  name: 'buy-and-hold',
  summary: 'Buys at the open of the second bar and holds',
  params: z.strictObject({}),
  create: (_params, bars) => () => (bars.index === 0 ? 'long' : 'hold'),
});

const averageCross = (indicator: 'sma' | 'ema', average: string) =>
  defineStrategy({
    name: `${indicator}-cross`,
    summary: `Long when the fast ${average} average crosses above the slow one, out (or short) when it crosses below`,
    params: z.strictObject({ fast: periodOf(10), slow: periodOf(30) }).superRefine(below('fast', 'slow')),
    create({ fast, slow }, bars) {
      const quick = bars.indicator(indicator, { period: fast });
      const steady = bars.indicator(indicator, { period: slow });
      return () => crossing(quick, steady);
    },
  });
/** Strategy `sma-cross`. */
export const smaCross = averageCross('sma', 'moving');
/** Strategy `ema-cross`. */
export const emaCross = averageCross('ema', 'exponential');

const level = (usual: number): z.ZodDefault<z.ZodNumber> => z.number().min(0).max(100).default(usual);

/** Strategy `rsi`. */
export const rsiStrategy = defineStrategy({
  name: 'rsi',
  summary: "Long while Wilder's RSI has last been below `low`, out (or short) once it is above `high`",
  params: z.strictObject({ period: periodOf(14), low: level(30), high: level(70) }).superRefine(below('low', 'high')),
  create({ period, low, high }, bars) {
    const strength = bars.indicator('rsi', { period });
    return () => {
      const now = strength.at();
      if (isAbove(low, now)) return 'long';
      return isAbove(now, high) ? 'short' : 'hold';
    };
  },
});

/** Strategy `bollinger`. */
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

/** Strategy `breakout`. */
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

/** Strategy `momentum`. */
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

/** Strategy `favourite`. */
export const favourite = defineStrategy({
  name: 'favourite',
  summary: 'Buys the first outcome at the first close at or above `threshold` and holds it to resolution',
  params: z.strictObject({ threshold: z.number().positive().default(0.6) }),
  create:
    ({ threshold }, bars) =>
    () =>
      bars.close() >= threshold ? 'long' : 'hold',
});
